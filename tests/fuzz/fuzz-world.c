/*
 * Fuzz target: the reader of recordings. What it accepts must survive being written and read again
 * without a change, must be answerable, and must still be readable when it was scrubbed; and a plan
 * of eviction for its ports must keep what plans promise (act/evict.h).
 */
#include "act/evict.h"
#include "base/str.h"
#include "live/recording.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void read_again(const struct live_snapshot *s, const bool *const *late, struct str *out)
{
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct recording again;

	demand(recording_write(s, (struct recording_options){.late_owners = late}, out) == 0);
	demand(recording_read(out->bytes, out->length, "again", &arena, &again, error) == 0);
	demand(again.snapshot.n_sockets == s->n_sockets);
	demand(again.snapshot.n_gaps == s->n_gaps);
	arena_fini(&arena);
}

static void check_fixed_point(const struct recording *r)
{
	struct str first = {0}, second = {0};
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct recording again;

	read_again(&r->snapshot, r->late_owners, &first);
	demand(recording_read(first.bytes, first.length, "first", &arena, &again, error) == 0);
	read_again(&again.snapshot, again.late_owners, &second);
	demand(first.length == second.length);
	demand(memcmp(first.bytes, second.bytes, first.length) == 0);
	arena_fini(&arena);
	str_fini(&first);
	str_fini(&second);
}

static void check_answers(const struct recording *r, struct arena *arena)
{
	static const enum live_scope scopes[] = {LIVE_SCOPE_ALL, LIVE_SCOPE_HERE, LIVE_SCOPE_NAMED};
	struct live_request request = live_request_default();
	struct live_snapshot out;

	for (size_t i = 0; i < N_ELEMENTS(scopes); i++) {
		request.scope = scopes[i];
		request.netns = "here";
		request.want = i == 0 ? 7 : LIVE_WANT_LISTENERS;
		request.want_all_owners = i == 1;
		demand(recording_select(r, &request, arena, &out) == 0);
		demand(out.n_sockets <= r->snapshot.n_sockets);
	}
}

enum { MOST_ASKS = 8, MOST_ANCESTORS = 4 };

static bool may_signal(uint32_t pid, void *context)
{
	(void)context;
	return pid % 5 != 0;
}

static bool is_ancestor(const struct evict_request *q, uint32_t pid)
{
	for (size_t i = 0; i < q->self.n_ancestors; i++) {
		if (q->self.ancestors[i] == pid)
			return true;
	}
	return false;
}

/* Whatever is ended or stopped may be, and is about what was asked for. */
static void check_step(const struct evict_request *q, const struct evict_step *step)
{
	demand((step->action == EVICT_REFUSE) == (step->why != EVICT_WHY_NONE));
	demand(step->n_sockets > 0 || step->published || step->action == EVICT_REFUSE);
	for (size_t i = 0; i < step->n_sockets; i++) {
		demand(evict_asks(q, step->sockets[i]));
		demand(step->action == EVICT_REFUSE || evict_is_home(q, step->sockets[i]->ns));
		demand(step->action == EVICT_REFUSE || step->action == EVICT_DESTROY ||
		       evict_is_target(q, step->sockets[i]));
	}
	switch (step->action) {
	case EVICT_SIGNAL:
		demand(step->process && step->process->pid > 1);
		demand(!is_ancestor(q, step->process->pid));
		demand(may_signal(step->process->pid, NULL));
		break;
	case EVICT_STOP_UNIT:
		demand(q->may_stop && step->unit && *step->unit);
		break;
	case EVICT_STOP_CONTAINER:
		demand(q->may_stop && step->container && *step->container && step->runtime);
		break;
	case EVICT_DESTROY:
		demand(q->wants_time_wait && step->n_sockets > 0);
		for (size_t i = 0; i < step->n_sockets; i++)
			demand(step->sockets[i]->state == LIVE_TIME_WAIT);
		break;
	case EVICT_REFUSE:
		break;
	}
}

static void check_plan(const struct evict_request *q, const struct live_snapshot *live,
		       struct arena *arena)
{
	bool is_refusing = false, is_blocked = false;
	struct evict_plan plan, again;

	demand(evict_make(q, live, arena, &plan) == 0);
	for (size_t i = 0; i < plan.n_steps; i++) {
		const struct evict_step *step = &plan.steps[i];

		check_step(q, step);
		demand(!is_refusing || step->action == EVICT_REFUSE); /* refusals last */
		is_refusing = step->action == EVICT_REFUSE;
		is_blocked = is_blocked || (is_refusing && step->is_blocking);
		for (size_t k = 0; k < i && step->action == EVICT_SIGNAL; k++)
			demand(plan.steps[k].action != EVICT_SIGNAL ||
			       plan.steps[k].process != step->process);
	}
	demand(plan.is_blocked == is_blocked);
	demand(plan.is_idle == (plan.n_steps == 0 || plan.steps[0].action == EVICT_REFUSE));
	demand(evict_make(q, live, arena, &again) == 0 && again.n_steps == plan.n_steps);
}

/* Plans for the first ports of a world, every other one for its transport alone, for four kinds of
 * people: with and without --stop and --time-wait. */
static void check_plans(const struct live_snapshot *live, struct arena *arena)
{
	struct evict_ask asks[MOST_ASKS];
	uint32_t ancestors[MOST_ANCESTORS];
	struct evict_request q = {.asks = asks, .self.ancestors = ancestors};

	for (size_t i = 0; i < live->n_sockets && q.n_asks < MOST_ASKS; i++) {
		const struct live_socket *s = &live->sockets[i];

		asks[q.n_asks++] = (struct evict_ask){s->local_port, i % 2 == 1, s->transport};
	}
	for (size_t i = 0; i < live->n_published && q.n_asks < MOST_ASKS; i++)
		asks[q.n_asks++] = (struct evict_ask){.port = live->published[i].ports.first};
	for (size_t i = 0; i < live->n_sockets && q.self.n_ancestors < MOST_ANCESTORS; i += 3) {
		const struct live_socket *s = &live->sockets[i];

		if (s->n_owners > 0 && s->owners[0].process)
			ancestors[q.self.n_ancestors++] = s->owners[0].process->pid;
	}
	for (unsigned int who = 0; who < 4; who++) {
		q.may_stop = who & 1;
		q.wants_time_wait = who & 2;
		q.self.may_signal = may_signal;
		q.self.ssh_port = who == 2 && q.n_asks > 0 ? asks[0].port : 0;
		q.ns_id = who == 3 && live->n_sockets > 0 ? live->sockets[0].ns->id : 0;
		check_plan(&q, live, arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct live_snapshot scrubbed;
	struct recording r;
	struct str text = {0};
	int result = recording_read((const char *)bytes, n, "f\033uzz", &arena, &r, error);

	if (result < 0) {
		demand(strlen(error) < RECORDING_ERROR_SIZE);
		demand(strncmp(error, "f\\x1buzz:", 9) == 0);
		demand(str_is_utf8(error) && !strpbrk(error, "\n\033"));
	} else {
		check_fixed_point(&r);
		check_answers(&r, &arena);
		check_plans(&r.snapshot, &arena);
		demand(recording_scrub(&r.snapshot, &arena, &scrubbed) == 0);
		read_again(&scrubbed, NULL, &text);
	}
	str_fini(&text);
	arena_fini(&arena);
	return 0;
}
