#include "act/pick.h"

#include "act/trial.h"

#include <errno.h>
#include <time.h>

enum { PATIENCE = 5 };

/* Whether a server would be refused. What cannot be tried, a family that is not there for one, is
 * no refusal. */
static bool is_refused(enum transport transport, enum address_family family, uint16_t port)
{
	const struct trial_request request = {
		.transport = transport,
		.address = {.family = family},
		.port = port,
		.has_reuse_address = transport == TRANSPORT_TCP,
		.is_v6only = family == ADDRESS_IPV6,
	};
	struct trial_result result = {0};

	/* Two that try the same port in the same instant are in each other's way: once more. */
	for (int i = 0; i < PATIENCE; i++) {
		const struct timespec pause = {.tv_nsec = 300000};

		if (trial_bind(&request, &result) < 0 || result.step != TRIAL_BIND ||
		    result.error == EADDRNOTAVAIL)
			return false;
		if (result.error != EADDRINUSE)
			return result.error != 0;
		nanosleep(&pause, NULL);
	}
	return true;
}

static bool is_port_refused(const struct suggest_wish *wish, uint16_t port)
{
	return (wish->want_tcp && (is_refused(TRANSPORT_TCP, ADDRESS_IPV4, port) ||
				   is_refused(TRANSPORT_TCP, ADDRESS_IPV6, port))) ||
	       (wish->want_udp && (is_refused(TRANSPORT_UDP, ADDRESS_IPV4, port) ||
				   is_refused(TRANSPORT_UDP, ADDRESS_IPV6, port)));
}

/* Try all that was chosen. Whether something was struck off. */
static bool strike_off(const struct suggest_wish *wish, const struct suggest_choice *choice,
		       struct port_set *refused)
{
	bool is_any = false;

	for (size_t i = 0; i < choice->n; i++) {
		const struct suggest_place *p = &choice->places[i];

		for (uint32_t port = p->first; port <= p->last; port++) {
			if (!is_port_refused(wish, (uint16_t)port))
				continue;
			port_set_add(refused, (uint16_t)port);
			is_any = true;
		}
	}
	return is_any;
}

int pick(const struct suggest_world *world, const struct suggest_wish *wish, bool is_tried,
	 struct port_set *refused, struct arena *arena, struct suggest_choice *out)
{
	struct suggest_world tried = *world;

	tried.refused = refused;
	for (int round = 0; round < PICK_ROUNDS; round++) {
		struct arena_mark mark = arena_mark(arena);

		if (!suggest_choose(&tried, wish, arena, out))
			return -ENOMEM;
		if (!is_tried || !strike_off(wish, out, refused))
			return 0;
		arena_reset(arena, mark);
	}
	/* The kernel refuses whatever is asked for: then nothing fits. */
	*out = (struct suggest_choice){.start = wish->first};
	out->n_forbidden[SUGGEST_REFUSED] = PICK_ROUNDS;
	return 0;
}
