#include "answer/lineage.h"

#include "base/lang.h"
#include "base/str.h"

#include <string.h>

enum { MOST_STEPS = 6 };

/* What ends a chain: what is above is the same for everything that comes from there. */
enum origin { ORIGIN_NONE, ORIGIN_SSH, ORIGIN_CRON, ORIGIN_AT, ORIGIN_LOGIN, ORIGIN_CONTAINER };

static enum origin origin_of(const char *program)
{
	static const struct {
		const char *program;
		enum origin origin;
	} known[] = {
		{"sshd", ORIGIN_SSH},          {"sshd-session", ORIGIN_SSH},
		{"dropbear", ORIGIN_SSH},      {"cron", ORIGIN_CRON},
		{"crond", ORIGIN_CRON},        {"fcron", ORIGIN_CRON},
		{"anacron", ORIGIN_CRON},      {"atd", ORIGIN_AT},
		{"login", ORIGIN_LOGIN},       {"gdm-session-worker", ORIGIN_LOGIN},
		{"lightdm", ORIGIN_LOGIN},     {"sddm-helper", ORIGIN_LOGIN},
		{"xrdp-sesman", ORIGIN_LOGIN}, {"conmon", ORIGIN_CONTAINER},
		{"containerd-shim", ORIGIN_CONTAINER},
		{"containerd-shim-runc-v1", ORIGIN_CONTAINER},
		{"containerd-shim-runc-v2", ORIGIN_CONTAINER},
		{"docker-containerd-shim", ORIGIN_CONTAINER},
		{"lxc-start", ORIGIN_CONTAINER}, {"systemd-nspawn", ORIGIN_CONTAINER},
	};

	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (strcmp(known[i].program, program) == 0)
			return known[i].origin;
	}
	return ORIGIN_NONE;
}

static const char *describe(enum origin origin, const struct live_process *p, struct arena *arena)
{
	const char *what = NULL;

	switch (origin) {
	case ORIGIN_NONE:
		what = p->unit && str_starts_with(p->unit, "session-") ? _("a login session")
								      : _("a session");
		return p->login ? arena_printf(arena, _("%s of %s"), what, p->login) : NULL;
	case ORIGIN_SSH:
		what = _("an ssh login");
		break;
	case ORIGIN_CRON:
		what = _("a cron job");
		break;
	case ORIGIN_AT:
		what = _("an at job");
		break;
	case ORIGIN_LOGIN:
		what = _("a login");
		break;
	case ORIGIN_CONTAINER:
		return NULL; /* it stands beside the process already */
	}
	return p->login ? arena_printf(arena, _("%s of %s"), what, p->login) : what;
}

/* The manager of a user's services, which is not the system's. */
static bool is_user_manager(const struct live_parent *parent, const struct live_process *p)
{
	return p->login && parent->pid != 1 && strcmp(parent->program, "systemd") == 0;
}

static bool is_last(const struct live_parent *parent)
{
	return parent->pid == 1 || !parent->program;
}

bool lineage_of(const struct live_process *p, struct arena *arena, struct lineage *out)
{
	const char **steps = arena_calloc(arena, MOST_STEPS + 3, sizeof(*steps));
	const char *above = p->program ? p->program : "";
	enum origin origin = ORIGIN_NONE;
	size_t n = 0;

	if (!steps)
		return false;
	for (size_t i = 0; i < p->n_parents && !is_last(&p->parents[i]); i++) {
		const struct live_parent *parent = &p->parents[i];
		bool is_repeated = strcmp(parent->program, above) == 0;

		origin = origin_of(parent->program);
		above = parent->program;
		if (origin != ORIGIN_NONE)
			break;
		if (is_user_manager(parent, p)) {
			steps[n++] = "systemd --user";
			break;
		}
		if (is_repeated || n > MOST_STEPS)
			continue;
		steps[n] = n < MOST_STEPS ? parent->program : "...";
		n++;
	}
	out->steps = steps;
	out->origin = p->container ? NULL : describe(origin, p, arena);
	return n > 0 || out->origin;
}
