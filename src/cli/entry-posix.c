#include "cli/entry.h"

#include "base/attr.h"
#include "base/lang.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A closed standard descriptor would be given to the next file that is opened. */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
	}
}

const char *entry_prepare(int *argc BERTH_UNUSED, char ***argv BERTH_UNUSED)
{
	hold_standard_descriptors();
	signal(SIGPIPE, SIG_DFL);
	lang_begin();
	if (geteuid() != getuid() || getegid() != getgid())
		return _("refuses to run setuid or setgid");
	return NULL;
}
