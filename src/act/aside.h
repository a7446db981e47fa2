/*
 * Aside: work in a thread of its own that nobody waits for.
 *
 * Where there are signals they stay with the thread that asks. For act/ only.
 */
#pragma once

#include "base/attr.h"

/* Start it. Returns 0 or a negative errno. */
int aside_run(void *(*work)(void *context), void *context) BERTH_MUST_CHECK;
