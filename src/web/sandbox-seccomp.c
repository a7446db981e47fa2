#include "web/sandbox-seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Flags of open(2) with which something is made or written. O_TMPFILE has O_DIRECTORY in it, which
 * says nothing. */
enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) };

/* What a server needs that has all its descriptors: no way to a new socket, process or file. */
static const char *const allowed[] = {
	/* Descriptors that are open. */
	"read", "write", "readv", "writev", "pread64", "preadv", "pwrite64", "lseek", "close",
	"sendto", "sendmsg", "sendmmsg", "sendfile", "sendfile64", "recvfrom", "recvmsg", "recv",
	"send", "shutdown", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
	"setsockopt", "fcntl", "fcntl64", "dup", "fstat", "fstat64", "newfstatat", "fstatat64",
	"statx", "stat", "stat64", "lstat", "access", "faccessat", "faccessat2", "getdents64",
	"fadvise64", "splice",
	/* Waiting. */
	"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "pipe", "pipe2",
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time",
	"restart_syscall",
	/* Memory and threads. */
	"munmap", "mremap", "madvise", "brk", "futex", "futex_waitv", "set_robust_list",
	"get_robust_list", "set_tid_address", "rseq", "sched_yield", "sched_getaffinity",
	"membarrier", "exit", "exit_group", "gettid", "getpid", "getppid", "getuid", "geteuid",
	"getgid", "getegid", "getrandom", "uname", "sysinfo", "getrusage", "times",
	/* Signals to itself. */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
};

/* What only somebody makes who has taken the process over. */
static const char *const deadly[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "bpf", "mount",
	"umount2", "pivot_root", "chroot", "setns", "unshare", "init_module", "finit_module",
	"kexec_load", "keyctl", "add_key", "userfaultfd", "perf_event_open",
};

static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned int *n)
{
	int number = seccomp_syscall_resolve_name(name), r;

	if (number == __NR_SCMP_ERROR)
		return 0; /* newer than the library, or of other machines */
	r = seccomp_rule_add(filter, action, number, 0);
	if (r == 0 && n)
		(*n)++;
	return r == -EDOM ? 0 : r; /* this machine does not have it */
}

/* Calls that are allowed with some arguments only. */
static int add_narrow(scmp_filter_ctx filter, unsigned int *n)
{
	const struct {
		int call;
		struct scmp_arg_cmp compare;
	} rows[] = {
		/* Files to be read, where Landlock lets it; nothing is made or written. */
		{SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY)},
		{SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY)},
		/* Threads: no processes, no namespaces. */
		{SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ,
					  CLONE_THREAD | CLONE_VM | CLONE_NEWUSER | CLONE_NEWNS |
						  CLONE_NEWNET | CLONE_NEWPID,
					  CLONE_THREAD | CLONE_VM)},
		/* No new code. */
		{SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)},
		{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA, 0)},
		/* Limits are read: the third argument is NULL. */
		{SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0, 0)},
		/* abort(3), and nobody else's end. */
		{SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(rows); i++) {
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rows[i].call, 1,
					   &rows[i].compare);
		if (r == -EDOM)
			r = 0;
		else if (r == 0)
			(*n)++;
	}
	return r;
}

static int fill(scmp_filter_ctx filter, unsigned int *n)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(allowed); i++)
		r = add(filter, SCMP_ACT_ALLOW, allowed[i], n);
	for (size_t i = 0; r == 0 && i < N_ELEMENTS(deadly); i++)
		r = add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], NULL);
	if (r == 0)
		r = add_narrow(filter, n);
	/* Its flags are behind a pointer: the C library goes back to clone(2). */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

int sandbox_seccomp(unsigned int *n_allowed)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	unsigned int n = 0;
	int r;

	if (!filter)
		return -ENOMEM;
	r = fill(filter, &n);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r == 0)
		*n_allowed = n;
	return r;
}
