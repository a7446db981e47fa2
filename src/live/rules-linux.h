/*
 * Rules: what this system's settings say about port numbers (ip-sysctl of the kernel's manual).
 */
#pragma once

#include "live/live.h"

/* Read the rules of the network namespace of the calling thread. Spans live in `arena`. */
void rules_read(struct arena *arena, struct live_rules *out);

/* "32768\t60999\n". Returns 0 or -EBADMSG. */
int rules_parse_range(const char *text, struct live_span *out) BERTH_MUST_CHECK;

/*
 * "8080,9000-9010\n" or an empty line, in `arena`. Returns 0 or a negative errno (-EBADMSG,
 * -ENOMEM).
 */
int rules_parse_list(struct arena *arena, const char *text, const struct live_span **out,
		     size_t *n_out) BERTH_MUST_CHECK;
