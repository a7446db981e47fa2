#include "answer/reading.h"

#include <string.h>

/* Before the service is started only its socket unit is there. */
static bool is_unit_alone(const struct answer_listener *l, const struct answer_owner *o)
{
	return l->activates && l->unit &&
	       (!o || (o->program && strcmp(o->program, "systemd") == 0));
}

const char *reading_resident(const struct answer *a, struct verdict v, bool is_udp)
{
	for (size_t i = 0; i < a->n_published; i++) {
		const struct answer_published *p = &a->published[i];

		if ((p->transport == TRANSPORT_UDP) == is_udp && p->judged.word == v.word &&
		    p->n_owners > 0 && p->owners[0].label)
			return p->owners[0].label;
	}
	for (size_t i = 0; i < a->n_listeners; i++) {
		const struct answer_listener *l = &a->listeners[i];
		const struct answer_owner *o = answer_main_owner(l);

		if (!l->is_here || strcmp(l->role, "listener") != 0 ||
		    (strcmp(l->protocol, "udp") == 0) != is_udp || l->judged.word != v.word)
			continue;
		if (is_unit_alone(l, o))
			return l->unit;
		if (o && o->label)
			return o->label;
	}
	return NULL;
}

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool reading_is_same_change(const struct answer_change *a, const struct answer_change *b)
{
	return is_equal(a->date, b->date) && is_equal(a->kind, b->kind) &&
	       a->ports.first == b->ports.first && a->ports.last == b->ports.last &&
	       is_equal(a->name_before, b->name_before) && is_equal(a->name_after, b->name_after) &&
	       is_equal(a->status_before, b->status_before) &&
	       is_equal(a->status_after, b->status_after) &&
	       is_equal(a->seen_before, b->seen_before) && is_equal(a->seen_after, b->seen_after);
}

bool reading_is_repeated(const struct answer_change *changes, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (reading_is_same_change(&changes[j], &changes[i]))
			return true;
	}
	return false;
}
