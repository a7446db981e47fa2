#include "base/trusted-file.h"

#include "base/fd.h"
#include "base/lang.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char **reason, const char *text, int error)
{
	*reason = text;
	return error;
}

/* Whether the open file is one that only root or the caller can have written. */
static int check(int fd, uint64_t limit, struct trusted_file *out, const char **reason)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return refuse(reason, N_("cannot be examined"), -errno);
	if (!S_ISREG(st.st_mode))
		return refuse(reason, N_("not a regular file"), -EINVAL);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return refuse(reason, N_("owned by somebody else"), -EPERM);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(reason, N_("writable by others than its owner"), -EPERM);
	if ((uint64_t)st.st_size > limit || (uint64_t)st.st_size > SIZE_MAX)
		return refuse(reason, N_("too large"), -EFBIG);
	if (st.st_size == 0)
		return refuse(reason, "empty", -ENODATA);
	out->size = (size_t)st.st_size;
	out->modified_ns = st.st_mtim.tv_nsec;
	return 0;
}

int trusted_file_open(struct trusted_file *out, const char *path, uint64_t limit,
		      const char **reason)
{
	/* O_NONBLOCK: opening a FIFO by mistake must not wait for its writer. */
	BERTH_CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct trusted_file file = {0};
	void *bytes;
	int r;

	if (fd < 0)
		return refuse(reason, N_("cannot be opened"), -errno);
	r = check(fd, limit, &file, reason);
	if (r < 0)
		return r;
	bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return refuse(reason, N_("cannot be mapped"), -errno);
	file.bytes = bytes;
	*out = file;
	return 0;
}

void trusted_file_close(struct trusted_file *f)
{
	munmap((void *)(uintptr_t)f->bytes, f->size);
	*f = (struct trusted_file){0};
}
