/*
 * Fdscan: descriptor tables of processes, looked through for sockets.
 *
 * A table is read by getdents64 and one readlinkat for each entry, the cheapest way without BPF.
 */
#pragma once

#include "live/live.h"

/* A socket found in a table. */
struct fdscan_hit {
	uint32_t pid;
	uint32_t inode;
	int fd;       /* -1 = registered with io_uring, not a descriptor */
	int table;    /* the open table it was found in, or the one of its ring */
	int table_fd; /* an entry that was seen there */
	enum live_method method; /* LIVE_BY_FD, LIVE_BY_THREAD or LIVE_BY_IO_URING */
};

/* Takes a socket of a table; returning false ends that table. */
typedef bool (*fdscan_fn)(const struct fdscan_hit *hit, void *context);

/* A network namespace that a descriptor keeps, or that a thread is in. */
struct fdscan_namespace {
	uint64_t id;  /* its inode */
	uint32_t pid;
	uint32_t tid; /* the thread, or the one with a table of its own; 0 = the process's table */
	int fd;       /* -1 = the thread is in it */
};

/* Takes one; the same may come again. */
typedef void (*fdscan_namespace_fn)(const struct fdscan_namespace *ns, void *context);

struct fdscan;

/* `hit` gets `context`. NULL when out of memory. */
struct fdscan *fdscan_open(fdscan_fn hit, void *context);

/* From now on `each` gets the network namespaces met in tables, and those of threads (context is
 * that of fdscan_open()). One link more is read for each thread then. */
void fdscan_want_namespaces(struct fdscan *f, fdscan_namespace_fn each);

/* Always NULL. fdscan_close(NULL) is fine. */
struct fdscan *fdscan_close(struct fdscan *f);

/*
 * The table of the process, unless it was read to its end already; those of its threads when its
 * main thread has exited. Returns 0 (also when it has gone), or -EACCES when berth may not look.
 */
int fdscan_process(struct fdscan *f, uint32_t pid) BERTH_MUST_CHECK;

/*
 * What the tables of the processes read so far do not show, once for each of them: private tables
 * of their threads, and files registered with their io_uring rings (Linux 5.1; /proc/PID/fdinfo).
 */
void fdscan_hidden(struct fdscan *f);

/* Processes whose tables berth may not read. */
uint32_t fdscan_n_denied(const struct fdscan *f);

/*
 * Sockets in `text` (terminated), the fdinfo of an io_uring descriptor: calls `each` with the inode
 * of every registered one ("UserFiles:", then "    0: socket:[31337]"). Pure.
 */
void fdscan_parse_ring(const char *text, void (*each)(uint32_t inode, void *context),
		       void *context);
