/*
 * Evict: what it takes to free a port, as a plan. Pure: a snapshot in, steps out; nothing is done.
 *
 * A plan names the owners of listeners and of bound-only sockets of the asked ports in one network
 * namespace, never a client, never whoever merely uses the number. Each owner becomes one step: it
 * is sent a signal, its unit or its container is stopped, or it is refused with one clear reason.
 * Where a refusal leaves a port held, nothing is done to the other owners of that port either:
 * ending them would cost something and free nothing.
 *
 * `act/evict-run.h` carries a plan out, `act/evict-record.h` makes a record of both.
 */
#pragma once

#include "live/live.h"

struct arena;

/* One port that is asked for. */
struct evict_ask {
	uint16_t port;
	bool has_transport;       /* "/udp" was given; otherwise TCP and UDP */
	enum transport transport; /* valid with has_transport */
};

/* Who asks. `{0}`: nobody in particular, as for a recording. */
struct evict_self {
	uint32_t uid;              /* effective */
	const uint32_t *ancestors; /* berth itself and every process above it */
	size_t n_ancestors;
	uint16_t ssh_port;         /* the port of the ssh server behind this login; 0 = none */
	/* Whether berth may send a signal to that process; NULL = not asked. */
	bool (*may_signal)(uint32_t pid, void *context);
	void *context;
};

/* What is asked of a plan. */
struct evict_request {
	const struct evict_ask *asks;
	size_t n_asks;
	uint64_t ns_id;       /* the namespace whose port it is; 0 = berth's own */
	bool may_stop;        /* units and containers may be stopped */
	bool wants_time_wait; /* what the kernel keeps in TIME_WAIT is to be removed */
	struct evict_self self;
};

enum evict_action {
	EVICT_SIGNAL,         /* SIGTERM to `process` */
	EVICT_STOP_UNIT,      /* stop `unit` */
	EVICT_STOP_CONTAINER, /* stop `container` */
	EVICT_DESTROY,        /* remove `sockets`, all in TIME_WAIT */
	EVICT_REFUSE,         /* nothing, because of `why` */
};
enum { N_EVICT_ACTIONS = 5 };

/* Why something is refused. Each has a row in tests/unit/test-evict.c. */
enum evict_why {
	EVICT_WHY_NONE,
	EVICT_WHY_INIT,        /* process 1 */
	EVICT_WHY_ANCESTOR,    /* berth itself or a process above it */
	EVICT_WHY_LOGIN,       /* the ssh server through which this login came */
	EVICT_WHY_KERNEL,      /* no process holds it */
	EVICT_WHY_NAMESPACE,   /* of another network namespace, which was not named */
	EVICT_WHY_UNSEEN,      /* its owner could not be seen */
	EVICT_WHY_GUESS,       /* only the control group of its maker points to it */
	EVICT_WHY_PERMISSION,  /* berth may not signal it */
	EVICT_WHY_PROTECTED,   /* the system stands on it: ssh, dbus, docker, systemd-* ... */
	EVICT_WHY_PROXY,       /* passes on to a container that is not known */
	EVICT_WHY_ASK_UNIT,    /* could be done by stopping `unit`, which needs a word */
	EVICT_WHY_ASK_CONTAINER, /* could be done by stopping `container`, which needs a word */
	EVICT_WHY_RUNTIME,     /* a container of neither podman nor docker */
	EVICT_WHY_RULES,       /* rules of the kernel lead it elsewhere; no container is known */
	EVICT_WHY_MAYBE_CLIENT,/* an autobound UDP client looks the same */
	EVICT_WHY_CLIENT,      /* a connection: whoever has it is no owner of the port */
	EVICT_WHY_POINTLESS,   /* the port stays held by what else is refused */
};
enum { N_EVICT_WHYS = 18 };

/* One step. Pointers lead into the snapshot or the arena. */
struct evict_step {
	enum evict_action action;
	enum evict_why why;           /* EVICT_REFUSE only */
	bool is_blocking;             /* EVICT_REFUSE: one of the asked ports stays held */
	const struct live_process *process; /* NULL: none */
	const char *unit;             /* EVICT_STOP_UNIT: the one to stop; otherwise its own */
	bool is_unit_of_user;         /* of the manager of the user who asks, not the system's */
	const char *container;        /* id; EVICT_STOP_CONTAINER: the one to stop; NULL = none */
	const char *runtime;          /* "podman", "docker", ... of it; NULL = not known */
	bool can_stop;                /* EVICT_SIGNAL, EVICT_REFUSE: --stop would stop something */
	const struct live_socket **sockets; /* of the asked ports */
	size_t n_sockets;
	const struct live_socket **also; /* listeners that end with it, on other ports */
	size_t n_also;
	const struct live_published *published; /* what leads the port elsewhere; NULL = nothing */
	const char *reason;           /* for people; NULL = nothing to add */
	size_t found_as;              /* among equals, the order of finding */
};

/* A plan. */
struct evict_plan {
	struct evict_step *steps; /* in the order in which they are to be done; refusals last */
	size_t n_steps;
	bool is_blocked;          /* a refusal leaves at least one port held */
	bool is_idle;             /* there is nothing to do */
	bool can_stop;            /* with may_stop it would stop units or containers */
};

/*
 * Make the plan for a snapshot of listeners and holders of all ports, every owner searched. Steps
 * live in `arena`. Returns 0 or -ENOMEM.
 */
int evict_make(const struct evict_request *request, const struct live_snapshot *live,
	       struct arena *arena, struct evict_plan *out) BERTH_MUST_CHECK;

/* Whether the namespace is the one whose ports are asked for. */
bool evict_is_home(const struct evict_request *request, const struct live_namespace *ns);

/* Whether a socket's local port is one of the asked. */
bool evict_asks(const struct evict_request *request, const struct live_socket *s);

/* Whether a socket is what a plan is about: a listener or bound-only, asked for, in that place. */
bool evict_is_target(const struct evict_request *request, const struct live_socket *s);

/* "signal", "stop-unit", "stop-container", "destroy", "refuse". */
const char *evict_action_name(enum evict_action a);
