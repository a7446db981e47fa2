#include "web/sandbox.h"

#include "base/fd.h"
#include "web/sandbox-seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, CAPABILITIES = 64 };

/*
 * Landlock as the kernel knows it, which may know more than the headers that berth is built with.
 * Documentation/userspace-api/landlock.rst; ABI 4 (Linux 6.7) has the network, 6 (6.12) scopes.
 */
enum { SYS_RULESET = 444, SYS_ADD_RULE = 445, SYS_RESTRICT = 446 };

enum {
	VERSION_ONLY = 1, RULE_PATH = 1,
	READ_FILE = 1 << 2, READ_DIR = 1 << 3,
	NET_BIND_TCP = 1, NET_CONNECT_TCP = 2,
	SCOPE_ABSTRACT_UNIX = 1, SCOPE_SIGNAL = 2,
};

struct ruleset {
	uint64_t files, network, scopes;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

static void say_missing(struct str *missing, const char *what, int error)
{
	str_printf(missing, "%s: %s\n", what, strerror(error));
}

/* Something that is in force, behind a comma. */
static void BERTH_PRINTF(2, 3) say(struct str *out, const char *fmt, ...)
{
	char text[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	str_printf(out, "%s%s", out->length > 0 ? ", " : "", text);
}

/* --- users and capabilities ------------------------------------------------------------------ */

/* Where this user may not have them, they are none already. */
static void drop_bounding_set(void)
{
	for (unsigned long i = 0; i < CAPABILITIES; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int drop_capabilities(struct str *in_force)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capset, &header, data) < 0 || syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (size_t i = 0; i < N_ELEMENTS(data); i++) {
		if (data[i].effective | data[i].permitted | data[i].inheritable)
			return -EPERM;
	}
	say(in_force, "no capabilities");
	return 0;
}

/* A user namespace with one user in it has no other one to become; then it stays that one, without
 * what makes root root. */
static int drop_root(struct str *in_force, struct str *missing)
{
	if (geteuid() != 0 && getuid() != 0) {
		say(in_force, "uid %u", (unsigned int)getuid());
		return setresuid(getuid(), getuid(), getuid()) < 0 ? -errno : 0;
	}
	if (setgroups(0, NULL) < 0)
		say_missing(missing, "groups", errno);
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0) {
		if (errno != EINVAL)
			return -errno;
		say_missing(missing, "uid 65534", errno);
		return 0;
	}
	if (setresuid(0, 0, 0) == 0 || geteuid() == 0)
		return -EPERM; /* it could come back */
	say(in_force, "uid %d", NOBODY);
	return 0;
}

/* --- Landlock -------------------------------------------------------------------------------- */

/* Everything that the kernel's version knows to forbid about files. */
static uint64_t all_file_rights(int abi)
{
	static const unsigned int n_rights[] = {0, 13, 14, 15, 15, 16};

	return (UINT64_C(1) << n_rights[MIN_OF((size_t)abi, N_ELEMENTS(n_rights) - 1)]) - 1;
}

static int allow_directory(int ruleset, const char *path)
{
	BERTH_CLEANUP(fd_closep) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct path_rule rule = {.allowed = READ_FILE | READ_DIR, .fd = fd};

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	return syscall(SYS_ADD_RULE, ruleset, RULE_PATH, &rule, 0) < 0 ? -errno : 0;
}

/* The ruleset, with the directories in it: made while they can be reached. -1 = there is none. */
static int make_ruleset(const struct sandbox_wish *wish, int *abi, struct str *missing)
{
	long version = syscall(SYS_RULESET, NULL, 0, VERSION_ONLY);
	struct ruleset rules = {0};
	int fd, r = 0;

	if (version < 1) {
		say_missing(missing, "Landlock", errno);
		return -1;
	}
	rules.files = all_file_rights((int)version);
	rules.network = version >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
	rules.scopes = version >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0;
	fd = (int)syscall(SYS_RULESET, &rules,
			  version >= 6   ? sizeof(rules)
			  : version >= 4 ? 2 * sizeof(uint64_t)
					 : sizeof(uint64_t),
			  0);
	for (size_t i = 0; fd >= 0 && r == 0 && wish->readable && wish->readable[i]; i++)
		r = allow_directory(fd, wish->readable[i]);
	if (fd < 0 || r < 0) {
		say_missing(missing, "Landlock", fd < 0 ? errno : -r);
		return fd_close(fd);
	}
	*abi = (int)version;
	return fd;
}

static void enter_landlock(int ruleset, int abi, struct str *in_force, struct str *missing)
{
	if (ruleset < 0)
		return;
	if (syscall(SYS_RESTRICT, ruleset, 0) < 0)
		say_missing(missing, "Landlock", errno);
	else
		say(in_force, "Landlock %d", abi);
	fd_close(ruleset);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void enter_seccomp(struct str *in_force, struct str *missing)
{
	unsigned int n = 0;
	int r = sandbox_seccomp(&n);

	if (r < 0)
		say_missing(missing, "seccomp", -r);
	else
		say(in_force, "seccomp (%u calls)", n);
}

int sandbox_enter(const struct sandbox_wish *wish, struct str *in_force, struct str *missing)
{
	int abi = 0, ruleset, r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	ruleset = make_ruleset(wish, &abi, missing);
	drop_bounding_set();
	r = drop_root(in_force, missing);
	if (r == 0)
		r = drop_capabilities(in_force);
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0) {
		fd_close(ruleset);
		return r;
	}
	say(in_force, "no new privileges");
	enter_landlock(ruleset, abi, in_force, missing);
	enter_seccomp(in_force, missing);
	return 0;
}
