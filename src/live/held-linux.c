#include "live/held-linux.h"

#include "base/lang.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void held_fini(struct held *h)
{
	number_map_fini(&h->seen);
	free(h->items);
}

static bool is_known(const struct netns_list *known, uint64_t id)
{
	for (size_t i = 0; i < known->n; i++) {
		if (known->items[i].ns.id == id)
			return true;
	}
	return false;
}

void held_add(struct held *h, const struct netns_list *known, const struct fdscan_namespace *ns)
{
	if (ns->id == 0 || number_map_find(&h->seen, ns->id) != NUMBER_MAP_NONE)
		return;
	number_map_set(&h->seen, ns->id, 1);
	if (is_known(known, 0) || is_known(known, ns->id))
		return;
	if (h->n == h->capacity && h->n < HELD_MOST) {
		size_t wider = h->capacity ? h->capacity * 2 : 8;
		struct fdscan_namespace *grown = reallocarray(h->items, wider, sizeof(*grown));

		if (grown) {
			h->items = grown;
			h->capacity = wider;
		}
	}
	if (h->n < h->capacity)
		h->items[h->n++] = *ns;
	else
		h->n_more++;
}

static void explain(const struct fdscan_namespace *ns, struct gaps *gaps)
{
	char where[32], why[96], fix[96];

	snprintf(where, sizeof(where), "net:[%" PRIu64 "]", ns->id);
	if (ns->fd < 0) {
		snprintf(why, sizeof(why), _("only a thread of pid %u is in it"), ns->pid);
		snprintf(fix, sizeof(fix), "berth --netns /proc/%u/task/%u/ns/net here", ns->pid,
			 ns->tid);
	} else {
		snprintf(why, sizeof(why), _("only a descriptor of pid %u keeps it"), ns->pid);
		if (ns->tid)
			snprintf(fix, sizeof(fix), "berth --netns /proc/%u/task/%u/fd/%d here",
				 ns->pid, ns->tid, ns->fd);
		else
			snprintf(fix, sizeof(fix), "berth --netns /proc/%u/fd/%d here", ns->pid,
				 ns->fd);
	}
	gaps_add(gaps, "namespace", where, why, fix);
}

void held_explain(const struct held *h, struct gaps *gaps)
{
	char where[32];

	for (size_t i = 0; i < h->n; i++)
		explain(&h->items[i], gaps);
	if (h->n_more > 0) {
		snprintf(where, sizeof(where), _("%u more"), h->n_more);
		gaps_add(gaps, "namespace", where, N_("only a descriptor or a thread keeps each"),
			 NULL);
	}
}
