/*
 * Proc: processes as /proc shows them.
 *
 * A process is opened once and read through that directory: what is opened below it belongs to that
 * very process, even when its number is given to another one meanwhile.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/* What /proc/PID/stat says, as far as it matters here. */
struct proc_stat {
	char comm[64];     /* the kernel's name, 15 bytes or less (kernel threads: more) */
	char state;        /* 'R', 'S', 'Z', ... */
	uint32_t parent;   /* 0 = none that this PID namespace can name */
	uint64_t started;  /* ticks of 1/100 s after boot */
};

/*
 * Parse /proc/PID/stat, `n` bytes. The name may hold anything, ')' and spaces too: it ends at the
 * last ')'. Returns 0 or -EBADMSG.
 */
int proc_parse_stat(const char *text, size_t n, struct proc_stat *out) BERTH_MUST_CHECK;

/*
 * The arguments in `n` bytes of /proc/PID/cmdline as a NULL-terminated vector in `arena`; NULL when
 * there are none or memory is out. A process that wrote a text over them has that as its only one.
 */
const char *const *proc_split_command(struct arena *arena, const char *bytes, size_t n);

/*
 * The inode of "socket:[N]", the target of a descriptor's link (`n` bytes); 0 for anything else.
 */
uint32_t proc_link_inode(const char *link, size_t n);

/* Takes the number of each process in turn; returning false ends the walk. */
typedef bool (*proc_pid_fn)(uint32_t pid, void *context);

/* Every entry of the directory `path` whose name is a number. Returns 0 or a negative errno. */
int proc_each_number(int parent, const char *path, proc_pid_fn each,
		     void *context) BERTH_MUST_CHECK;

/* Reads processes and remembers their parents and user names. Everything lives in its arena. */
struct procs;

/* NULL when out of memory. `gaps` takes what could not be read of a process. */
struct procs *procs_open(struct arena *arena, struct gaps *gaps);

/* Always NULL. procs_close(NULL) is fine. */
struct procs *procs_close(struct procs *p);

/*
 * Read process `pid`. `table` is an open descriptor table (/proc/PID/fd) in which an entry `fd` was
 * seen: it is looked at again after reading. If it is still there the process lives, and has had
 * its number all the time, so that a record never mixes a process with its number's next user.
 * `table` -1: nothing is there to be looked at; that the start time stays is the check then. `*out`
 * is NULL when the process has gone. Returns 0 or a negative errno (-ENOMEM).
 */
int procs_read(struct procs *p, uint32_t pid, int table, int fd,
	       const struct live_process **out) BERTH_MUST_CHECK;

/* The name of a user of this system; NULL = none, or an id that stands for "not mapped here". */
const char *procs_user(struct procs *p, uint32_t uid);
