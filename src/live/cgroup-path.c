#include "live/cgroup-path.h"

#include "base/str.h"

#include <string.h>

enum { LONGEST_UNIT = 255, ID_LENGTH = 64 };

static bool ends_with(const char *text, size_t n, const char *suffix)
{
	size_t length = strlen(suffix);

	return n > length && memcmp(text + n - length, suffix, length) == 0;
}

static bool begins_with(const char *text, size_t n, const char *prefix)
{
	size_t length = strlen(prefix);

	return n > length && memcmp(text, prefix, length) == 0;
}

static bool is_equal(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(text, word, n) == 0;
}

static bool is_unit_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr(":-_.\\@", c));
}

/* A component that is a unit; systemd puts '_' before names that a controller could mistake. */
static struct cgroup_part unit_of(const char *at, size_t n)
{
	if (n > 0 && *at == '_') {
		at++;
		n--;
	}
	if (n > LONGEST_UNIT || (!ends_with(at, n, ".service") && !ends_with(at, n, ".socket") &&
				 !ends_with(at, n, ".scope")))
		return (struct cgroup_part){0};
	for (size_t i = 0; i < n; i++) {
		if (!is_unit_char(at[i]))
			return (struct cgroup_part){0};
	}
	return (struct cgroup_part){at, n};
}

static bool is_hex(const char *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!((at[i] >= '0' && at[i] <= '9') || (at[i] >= 'a' && at[i] <= 'f')))
			return false;
	}
	return true;
}

/*
 * "ID", "docker-ID.scope", "libpod-ID", "cri-containerd-ID.scope", "kubepods-...slice:crio:ID":
 * whatever ends in 64 hexadecimal digits, but the monitors of containers ("libpod-conmon-ID").
 */
static struct cgroup_part id_of(const char *at, size_t n)
{
	struct cgroup_part none = {0};
	size_t before;

	if (ends_with(at, n, ".scope"))
		n -= strlen(".scope");
	if (n < ID_LENGTH || !is_hex(at + n - ID_LENGTH, ID_LENGTH))
		return none;
	before = n - ID_LENGTH;
	if (before > 0 && at[before - 1] != '-' && at[before - 1] != ':')
		return none;
	if (before > 0 &&
	    (ends_with(at, before - 1, "conmon") || is_equal(at, before - 1, "conmon")))
		return none;
	return (struct cgroup_part){at + before, ID_LENGTH};
}

/* "lxc.payload.NAME", "lxc.payload/NAME", "lxc/NAME"; `parent` is the component before. */
static struct cgroup_part lxc_of(const char *at, size_t n, struct cgroup_part parent)
{
	const char *payload = "lxc.payload.";

	if (begins_with(at, n, payload))
		return (struct cgroup_part){at + strlen(payload), n - strlen(payload)};
	if (is_equal(parent.at, parent.n, "lxc.payload") || is_equal(parent.at, parent.n, "lxc"))
		return (struct cgroup_part){at, n};
	return (struct cgroup_part){0};
}

/* "machine-NAME.scope" and "systemd-nspawn@NAME.service" in machine.slice; virtual machines are
 * not containers. The name keeps systemd's escapes. */
static struct cgroup_part machine_of(const char *at, size_t n, struct cgroup_part parent)
{
	const char *scope = "machine-", *service = "systemd-nspawn@";

	if (!is_equal(parent.at, parent.n, "machine.slice"))
		return (struct cgroup_part){0};
	if (begins_with(at, n, service) && ends_with(at, n, ".service") &&
	    n > strlen(service) + strlen(".service"))
		return (struct cgroup_part){at + strlen(service),
					    n - strlen(service) - strlen(".service")};
	if (begins_with(at, n, scope) && ends_with(at, n, ".scope") &&
	    !begins_with(at, n, "machine-qemu\\x2d") && n > strlen(scope) + strlen(".scope"))
		return (struct cgroup_part){at + strlen(scope),
					    n - strlen(scope) - strlen(".scope")};
	return (struct cgroup_part){0};
}

/* "user-1000.slice" in user.slice: sessions and services of the user with that number. */
static bool login_of(const char *at, size_t n, struct cgroup_part parent, uint32_t *uid)
{
	const char *slice = "user-", *suffix = ".slice";
	uint64_t number;

	if (!is_equal(parent.at, parent.n, "user.slice") || !begins_with(at, n, slice) ||
	    !ends_with(at, n, suffix) || n <= strlen(slice) + strlen(suffix) ||
	    str_parse_u64(at + strlen(slice), n - strlen(slice) - strlen(suffix), UINT32_MAX,
			  &number) < 0)
		return false;
	*uid = (uint32_t)number;
	return true;
}

struct cgroup_names cgroup_path_names(const char *path)
{
	struct cgroup_names names = {0};
	struct cgroup_part parent = {"", 0};

	for (const char *at = path; *at;) {
		size_t n = strcspn(at, "/"), end = (size_t)(at - path) + n;
		struct cgroup_part unit = unit_of(at, n), container = id_of(at, n);

		if (container.n == 0)
			container = lxc_of(at, n, parent);
		if (container.n == 0)
			container = machine_of(at, n, parent);
		if (unit.n > 0 && names.container.n == 0) {
			names.unit = unit;
			names.unit_end = end;
		}
		if (names.container.n == 0 && !names.has_login)
			names.has_login = login_of(at, n, parent, &names.login_uid);
		if (container.n > 0) {
			names.container = container;
			names.container_end = end;
		}
		if (n > 0)
			parent = (struct cgroup_part){at, n};
		at += n;
		at += *at == '/';
	}
	return names;
}

/* "ID:NAMES:PATH" with a path that begins with '/'. */
static bool split_line(char *line, const char **names, const char **path)
{
	if (!strsep(&line, ":") || !line)
		return false;
	*names = strsep(&line, ":");
	*path = line;
	return line && *line == '/';
}

static bool says_something(const char *path)
{
	struct cgroup_names names = cgroup_path_names(path);

	return names.unit.n > 0 || names.container.n > 0;
}

const char *cgroup_path_pick(char *text)
{
	const char *unified = NULL, *systemd = NULL, *contained = NULL, *names, *path;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (!split_line(line, &names, &path))
			continue;
		if (*names == '\0')
			unified = path;
		else if (strcmp(names, "name=systemd") == 0)
			systemd = path;
		else if (!contained && cgroup_path_names(path).container.n > 0)
			contained = path;
	}
	if (unified && says_something(unified))
		return unified;
	if (systemd && says_something(systemd))
		return systemd;
	if (contained)
		return contained;
	return unified ? unified : systemd;
}
