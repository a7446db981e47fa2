#include "act/privilege.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_sees_others(void)
{
	const uint32_t wanted = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH |
				1U << CAP_SYS_PTRACE | 1U << CAP_SYS_ADMIN;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (geteuid() == 0)
		return true;
	/* Unknown counts as privileged: then less is shown to strangers, not more. */
	return syscall(SYS_capget, &header, data) < 0 || (data[0].effective & wanted) != 0;
}
