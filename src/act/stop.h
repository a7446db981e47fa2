/*
 * Stop: ask systemd, podman or docker to stop something of theirs. Each is started with a fixed
 * path and a fixed argument vector, no shell; nothing else in berth starts them.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

struct live_process;

/* Room for the one line that says what went wrong. */
enum { STOP_ERROR_SIZE = 256 };

/*
 * Whether `p` is the main process of a service, or below it, as systemd itself says. Returns 0;
 * -ESRCH with a line in `error`: it is not; or another negative errno with a line in `error`.
 */
int stop_check_unit(const char *unit, bool is_of_user, const struct live_process *p,
		    char *error) BERTH_MUST_CHECK;

/* Stop a unit, and wait for it. Returns 0, or a negative errno with a line in `error`. */
int stop_unit(const char *unit, bool is_of_user, char *error) BERTH_MUST_CHECK;

/* Stop a container of "podman" or "docker" by its id; likewise. */
int stop_container(const char *runtime, const char *id, char *error) BERTH_MUST_CHECK;
