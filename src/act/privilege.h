/*
 * Privilege: whether berth sees more of other users' processes than an ordinary user does.
 */
#pragma once

#include <stdbool.h>

/* True for root, and with any effective capability that opens what belongs to others:
 * CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN. */
bool privilege_sees_others(void);
