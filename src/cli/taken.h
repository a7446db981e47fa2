/*
 * Taken: who has a port of this machine, for the one line that says why it could not be bound.
 */
#pragma once

#include "cli/cli.h"

/* "nginx (pid 812)", "a process of www"; NULL = not known. In the run's arena. */
const char *taken_by(struct cli *c, enum transport transport, uint16_t port);
