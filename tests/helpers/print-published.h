/*
 * Published ports as stable lines of text, for tests:
 *
 *     tcp 10.1.1.1:8000-8010 -> 10.0.0.2:80 by nftables, one of several container=ID behind
 *
 * "*" stands for any address, "here" for this very machine, "?" for what is not known; `via` and
 * `behind` say that a host's socket takes part, and that the listener behind is known.
 */
#pragma once

#include "live/live.h"

void print_published(const struct live_published *p);
