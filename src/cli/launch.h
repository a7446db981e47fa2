/*
 * Launch: the command behind `--` takes berth's place.
 */
#pragma once

#include "base/attr.h"

/*
 * Run `command` (its words, then NULL), which is looked for as a shell does. Where a program can be
 * replaced by another one this does not come back; on Windows it waits, and Ctrl-C is the
 * command's. Returns 0 and the command's exit code, or a negative errno: it could not be run.
 */
int launch(const char *const *command, int *code) BERTH_MUST_CHECK;
