#include "ledger-helper/holder.h"

#include "base/fd.h"
#include "base/lang.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LOCKS_MOST = 1 << 20 };

/* "1: POSIX  ADVISORY  WRITE 812 08:01:123456 0 EOF"; a waiter has "->" behind the number. */
static pid_t read_line(const char *line, dev_t device, ino_t inode)
{
	unsigned int major_number, minor_number;
	uint64_t number;
	long pid;

	if (sscanf(line, "%*u: %*15s %*15s %*15s %ld %x:%x:%" SCNu64, &pid, &major_number,
		   &minor_number, &number) != 4)
		return 0;
	if (number != inode || major_number != major(device) || minor_number != minor(device))
		return 0;
	return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

pid_t holder_find(const char *locks, dev_t device, ino_t inode, pid_t own)
{
	for (const char *line = locks; line && *line; line = strchr(line, '\n')) {
		pid_t pid;

		line += *line == '\n';
		pid = read_line(line, device, inode);
		if (pid > 0 && pid != own)
			return pid;
	}
	return 0;
}

char *holder_describe(const char *path, char *text)
{
	char *locks = NULL, comm_path[64], comm[32] = "";
	size_t n = 0;
	pid_t pid = 0;
	struct stat st;

	snprintf(text, HOLDER_TEXT_SIZE, _("another process"));
	if (stat(path, &st) == 0 &&
	    fd_slurp_at(AT_FDCWD, "/proc/locks", LOCKS_MOST, &locks, &n) == 0)
		pid = holder_find(locks, st.st_dev, st.st_ino, getpid());
	free(locks);
	if (pid == 0)
		return text;
	snprintf(comm_path, sizeof(comm_path), "/proc/%d/comm", (int)pid);
	if (fd_read_file_at(AT_FDCWD, comm_path, comm, sizeof(comm), NULL) > 0)
		comm[strcspn(comm, "\n")] = '\0';
	snprintf(text, HOLDER_TEXT_SIZE, *comm ? _("process %d (%s)") : _("process %d"), (int)pid,
		 comm);
	return text;
}
