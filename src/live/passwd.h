/*
 * Passwd: user names from /etc/passwd alone.
 *
 * No name service is asked: it may load foreign code, talk to the network and take seconds.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

struct passwd;

/* Read /etc/passwd (at most 4 MiB). Returns 0 or a negative errno. */
int passwd_open(struct passwd **out) BERTH_MUST_CHECK;

/* The same from a copy of `text` of `n` bytes. */
int passwd_parse(const char *text, size_t n, struct passwd **out) BERTH_MUST_CHECK;

/* Always NULL. passwd_close(NULL) is fine. */
struct passwd *passwd_close(struct passwd *p);

/* The first name of `uid`; NULL when there is none, and with `p` NULL. Owned by `p`. */
const char *passwd_name(const struct passwd *p, uint32_t uid);
