/*
 * refuse: run a command for which the kernel refuses some system calls, as in a strict sandbox.
 *
 *     refuse NAME[=ERRNO]... -- COMMAND...
 *
 *     NAME   sock_diag (its netlink socket), setns, kcmp, open_by_handle_at, pidfd_open, sendto,
 *            bind (of internet sockets), attach_filter (to a socket)
 *     ERRNO  the number it fails with; 1 (EPERM) unless given
 *
 * A seccomp filter does it, so nothing in the command needs to know. Exit: the command's own, 2 for
 * bad usage, 4 when the system refused the filter.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_STEPS = 64 };

static struct sock_filter steps[MOST_STEPS];
static unsigned short n_steps;

static void step(uint16_t code, uint8_t yes, uint8_t no, uint32_t value)
{
	if (n_steps == MOST_STEPS)
		exit(2);
	steps[n_steps++] = (struct sock_filter){code, yes, no, value};
}

static void load(size_t offset)
{
	step(BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* The low half of an argument, where the interesting bits of an int are. */
static void load_argument(size_t i)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	load(offsetof(struct seccomp_data, args) + i * 8 + 4);
#else
	load(offsetof(struct seccomp_data, args) + i * 8);
#endif
}

static void refuse_call(long number, uint32_t error)
{
	load(offsetof(struct seccomp_data, nr));
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)number);
	step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
}

static void refuse_sock_diag(uint32_t error)
{
	load(offsetof(struct seccomp_data, nr));
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SYS_socket);
	load_argument(0);
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, AF_NETLINK);
	load_argument(2);
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, NETLINK_SOCK_DIAG);
	step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
}

/* bind(2) of internet sockets: the only ones here whose addresses have 16 bytes or more. */
static void refuse_bind(uint32_t error)
{
	load(offsetof(struct seccomp_data, nr));
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_bind);
	load_argument(2);
	step(BPF_JMP | BPF_JGE | BPF_K, 0, 1, 16);
	step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
}

static void refuse_attach_filter(uint32_t error)
{
	load(offsetof(struct seccomp_data, nr));
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SYS_setsockopt);
	load_argument(1);
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SOL_SOCKET);
	load_argument(2);
	step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SO_ATTACH_FILTER);
	step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
}

static int add_rule(char *rule)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{"setns", SYS_setns},
		{"kcmp", SYS_kcmp},
		{"open_by_handle_at", SYS_open_by_handle_at},
		{"pidfd_open", SYS_pidfd_open},
		{"sendto", SYS_sendto},
	};
	char *equal = strchr(rule, '=');
	uint32_t error = equal ? (uint32_t)strtoul(equal + 1, NULL, 10) : EPERM;

	if (equal)
		*equal = '\0';
	if (strcmp(rule, "sock_diag") == 0) {
		refuse_sock_diag(error);
		return 0;
	}
	if (strcmp(rule, "bind") == 0) {
		refuse_bind(error);
		return 0;
	}
	if (strcmp(rule, "attach_filter") == 0) {
		refuse_attach_filter(error);
		return 0;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, rule) == 0) {
			refuse_call(calls[i].number, error);
			return 0;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct sock_fprog program = {.filter = steps};
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (add_rule(argv[i]) < 0) {
			fprintf(stderr, "refuse: unknown name %s\n", argv[i]);
			return 2;
		}
	}
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: refuse NAME[=ERRNO]... -- COMMAND...\n");
		return 2;
	}
	step(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	program.len = n_steps;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("refuse: seccomp");
		return 4;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 4;
}
