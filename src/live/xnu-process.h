/*
 * XNU process: what the kernel of macOS tells about a process, as values.
 *
 * Pure: bytes of the kernel in, values out. The bytes are laid out as xnu-layout.h says.
 */
#pragma once

#include "live/live.h"

/* What PROC_PIDTBSDINFO tells, as far as it matters here. */
struct xnu_process {
	uint32_t pid, parent, uid; /* the effective user */
	char name[40];             /* the kernel's: 31 bytes, or 15 */
	live_time started;         /* LIVE_TIME_NONE = not told */
};

/* Decode `n` bytes of struct proc_bsdinfo. Returns 0, or -EBADMSG: cut short. */
int xnu_process_decode(const void *bytes, size_t n, struct xnu_process *out) BERTH_MUST_CHECK;

/* The same from struct proc_bsdshortinfo, which has no start and 15 bytes of the name. */
int xnu_process_decode_short(const void *bytes, size_t n,
			     struct xnu_process *out) BERTH_MUST_CHECK;

/* What KERN_PROCARGS2 tells. Strings live in the arena they were decoded into. */
struct xnu_arguments {
	const char *const *command; /* NULL-terminated; NULL = none */
	bool is_cut;                /* longer than the bytes that were allowed */
	bool has_environment;       /* false: the kernel keeps it to itself, or there is none */
	const char *label;          /* of the launchd job, from the environment; NULL = none */
};

/*
 * Decode `n` bytes of KERN_PROCARGS2: the number of arguments, the path that was executed, NULs,
 * the arguments, the environment. At most `limit` bytes of arguments are kept. Of the environment
 * only XPC_SERVICE_NAME is looked at, which launchd gives its jobs (their children inherit it; "0"
 * stands for no job). Returns 0; -EBADMSG: not such bytes; -ENOMEM.
 */
int xnu_process_decode_arguments(struct arena *arena, const void *bytes, size_t n, size_t limit,
				 struct xnu_arguments *out) BERTH_MUST_CHECK;
