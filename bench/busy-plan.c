#include "busy-host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { STANDARD_DESCRIPTORS = 3, HELPERS = 3 };

uint32_t plan_namespace(const struct plan *plan, uint32_t process)
{
	return (uint32_t)((uint64_t)process * plan->size.n_namespaces / plan->size.n_processes);
}

uint32_t plan_share(const struct plan *plan, uint32_t process)
{
	const struct size *s = &plan->size;

	return s->n_descriptors / s->n_processes + (process < s->n_descriptors % s->n_processes);
}

/* The first process of a namespace: the least p with p * namespaces / processes >= k. */
static uint32_t first_process(const struct size *s, uint32_t namespace)
{
	return (uint32_t)(((uint64_t)namespace * s->n_processes + s->n_namespaces - 1) /
			  s->n_namespaces);
}

/* Spread listeners evenly; ports count up in each namespace. */
static int place_listeners(struct plan *plan, char *why, size_t why_size)
{
	const struct size *s = &plan->size;
	uint32_t *n_ports = calloc(s->n_namespaces, sizeof(*n_ports));
	int r = n_ports ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < s->n_listeners; i++) {
		struct listener *l = &plan->listeners[i];
		uint32_t *rank;

		l->process = s->n_listeners <= s->n_processes
				     ? (uint32_t)((uint64_t)i * s->n_processes / s->n_listeners)
				     : i % s->n_processes;
		rank = &n_ports[plan_namespace(plan, l->process)];
		if (*rank == MOST_PORTS) {
			snprintf(why, why_size, "more than %d listeners in one namespace",
				 MOST_PORTS);
			r = 1;
			break;
		}
		l->port = (uint16_t)(FIRST_PORT + (*rank)++);
		l->is_loopback = i % 2;
		l->is_v6 = i % 4 == 3;
		plan->needed[l->process]++;
	}
	free(n_ports);
	return r;
}

/* Connections go round the listeners, and round the processes of the listener's namespace. */
static int place_connections(struct plan *plan)
{
	const struct size *s = &plan->size;
	uint32_t *turn = calloc(s->n_namespaces, sizeof(*turn));

	for (uint32_t i = 0; turn && i < s->n_connections; i++) {
		struct listener *l = &plan->listeners[i % s->n_listeners];
		uint32_t namespace = plan_namespace(plan, l->process);
		uint32_t first = first_process(s, namespace);
		uint32_t n = first_process(s, namespace + 1) - first;

		plan->clients[i] = first + turn[namespace]++ % n;
		plan->needed[plan->clients[i]]++;
		plan->needed[l->process]++;
		l->n_clients++;
	}
	free(turn);
	return turn ? 0 : -ENOMEM;
}

static int check_shares(const struct plan *plan, char *why, size_t why_size)
{
	for (uint32_t i = 0; i < plan->size.n_processes; i++) {
		if (plan->needed[i] <= plan_share(plan, i))
			continue;
		snprintf(why, why_size, "process %u needs %u descriptors and its share is %u", i,
			 plan->needed[i], plan_share(plan, i));
		return 1;
	}
	return 0;
}

int plan_make(struct plan *plan, char *why, size_t why_size)
{
	const struct size *s = &plan->size;
	int r;

	plan->listeners = calloc(s->n_listeners + 1U, sizeof(*plan->listeners));
	plan->clients = calloc(s->n_connections + 1U, sizeof(*plan->clients));
	plan->needed = calloc(s->n_processes, sizeof(*plan->needed));
	if (!plan->listeners || !plan->clients || !plan->needed)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_processes; i++)
		plan->needed[i] = STANDARD_DESCRIPTORS + HELPERS;
	r = place_listeners(plan, why, why_size);
	if (r == 0)
		r = place_connections(plan);
	return r == 0 ? check_shares(plan, why, why_size) : r;
}

void plan_free(struct plan *plan)
{
	free(plan->listeners);
	free(plan->clients);
	free(plan->needed);
	*plan = (struct plan){0};
}
