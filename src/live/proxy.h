/*
 * Proxy: where a process passes on what arrives at one of its listeners, by its arguments. Pure.
 *
 * Only programs whose arguments say it for certain: docker-proxy, conmon, rootlessport,
 * slirp4netns, pasta (and passt), ssh -L, kubectl port-forward, socat. What another program does
 * behind its listener is its own affair.
 */
#pragma once

#include "live/live.h"

/*
 * Fill `*out` from the arguments of `p`, which owns the listener `s`; strings are those of `p` or
 * lie in `arena`. Returns whether `p` passes on what arrives at `s`. `to`, `to_name`, `to_ports`,
 * `container` and `note` are as far as the arguments tell; `via` is the cookie of `s`.
 */
bool proxy_read(const struct live_process *p, const struct live_socket *s, struct arena *arena,
		struct live_published *out);

/* Whether proxy_read() knows a program whose name begins like `name`, cut after `n` bytes as the
 * kernel cuts it. */
bool proxy_is_known(const char *name, size_t n);

/* "conmon ... -c ID": the value of an option of one word and one letter; NULL = not given. */
const char *proxy_option(const char *const *command, const char *name, const char *long_name);
