/*
 * Pick: a suggestion that was tried. What answer/suggest.h chooses from what was seen is bound
 * once, as act/trial.h does it (TCP with SO_REUSEADDR, as servers have it), at both wildcards; a
 * port that bind(2) refuses is struck off, and the next is chosen.
 */
#pragma once

#include "answer/suggest.h"

enum { PICK_ROUNDS = 256 };

/*
 * Choose, and with `is_tried` try. `refused` gathers what was refused; `world->refused` is ignored.
 * Returns 0 or -ENOMEM.
 */
int pick(const struct suggest_world *world, const struct suggest_wish *wish, bool is_tried,
	 struct port_set *refused, struct arena *arena,
	 struct suggest_choice *out) BERTH_MUST_CHECK;
