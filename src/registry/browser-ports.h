/*
 * Browser ports: the numbers that browsers refuse to open for HTTP and HTTPS, whoever listens there
 * (the "bad ports" of the WHATWG Fetch standard; WebSocket goes through Fetch too).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool registry_is_browser_blocked(uint16_t port);

/* The date for which the list is good, YYYY-MM-DD: it grows now and then. */
const char *registry_browser_blocked_as_of(void);

/* The whole list, sorted; `*n` is its length. */
const uint16_t *registry_browser_blocked(size_t *n);
