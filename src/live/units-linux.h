/*
 * Units on Linux: for which socket unit systemd holds a socket, and what that unit starts.
 *
 * The control group in which a socket was made usually names its unit: systemd makes the sockets of
 * a unit in that unit's own group when it can filter packets there (systemd's src/core/socket.c).
 * Elsewhere the unit files are asked which unit listens on that address; an answer counts only when
 * it is the only one. Files are read where the manager that holds the socket sees them, in its load
 * path (systemd.unit(5)), never through a link out of its root; nothing is asked of systemd itself.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

struct units;

/* Everything lives in `arena`. NULL when out of memory. */
struct units *units_open(struct arena *arena, struct gaps *gaps);

/* Always NULL. units_close(NULL) is fine. */
struct units *units_close(struct units *u);

/* Whether a process is a systemd manager, of the system, of a container or of a user. */
bool units_is_manager(const struct live_process *p);

/*
 * Set `unit`, `activates` and `starts` of `s`, which `manager` holds; `manager` NULL: nobody may
 * look who holds it, but its control group `unit` is one of this system's own socket units. A
 * socket that no unit explains stays as it is; with a manager, a gap says so. Returns whether
 * something was set.
 */
bool units_explain(struct units *u, const struct live_process *manager, struct live_socket *s);
