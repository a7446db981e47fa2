#include "live/sysctl-darwin.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/sysctl.h>

enum { LARGEST = 64 * 1024 * 1024, MOST_TRIES = 8, USUAL_ARGUMENTS = 1024 * 1024 };

int sysctl_number(const char *name, int *out)
{
	size_t n = sizeof(*out);
	int value;

	if (sysctlbyname(name, &value, &n, NULL, 0) < 0)
		return -errno;
	if (n != sizeof(value))
		return -EBADMSG;
	*out = value;
	return 0;
}

int sysctl_table(const char *name, void **out, size_t *n_out)
{
	for (int i = 0; i < MOST_TRIES; i++) {
		size_t n = 0;
		void *bytes;

		if (sysctlbyname(name, NULL, &n, NULL, 0) < 0)
			return -errno;
		n += n / 8 + 4096; /* for what is new by then */
		if (n > LARGEST)
			return -EFBIG;
		bytes = malloc(n);
		if (!bytes)
			return -ENOMEM;
		if (sysctlbyname(name, bytes, &n, NULL, 0) == 0) {
			*out = bytes;
			*n_out = n;
			return 0;
		}
		free(bytes);
		if (errno != ENOMEM)
			return -errno;
	}
	return -EFBIG;
}

int sysctl_arguments(int pid, void *buffer, size_t *n)
{
	int name[] = {CTL_KERN, KERN_PROCARGS2, pid};

	return sysctl(name, N_ELEMENTS(name), buffer, n, NULL, 0) < 0 ? -errno : 0;
}

size_t sysctl_arguments_size(void)
{
	int name[] = {CTL_KERN, KERN_ARGMAX};
	int value;
	size_t n = sizeof(value);

	if (sysctl(name, N_ELEMENTS(name), &value, &n, NULL, 0) < 0 || n != sizeof(value) ||
	    value < 4096 || value > LARGEST)
		return USUAL_ARGUMENTS;
	return (size_t)value;
}
