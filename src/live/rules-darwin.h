/*
 * Rules: what this system's settings say about port numbers (ip(4) of macOS).
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/*
 * Read them; what cannot be read is a gap. There are no reserved ports. The privileged limit is no
 * setting: below it macOS wants root for a bind to one address, and nothing for a bind to all.
 */
void rules_read(struct gaps *gaps, struct live_rules *out);
