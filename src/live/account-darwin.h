/*
 * Account: a user's name from Open Directory, where macOS has people; /etc/passwd has only its own
 * users.
 */
#pragma once

#include "base/arena.h"

/*
 * The name of `uid`, in `arena`; NULL when there is none. Asks getpwuid_r(3), the one documented
 * way: opendirectoryd answers from this machine's own directory, and may ask a network's where the
 * machine is bound to one.
 */
const char *account_name(struct arena *arena, uint32_t uid);
