/*
 * Calls, Windows: what live/windows.h wants to know, asked of the running system.
 */
#pragma once

#include "live/windows.h"

extern const struct windows_calls calls_windows;
