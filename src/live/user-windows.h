/*
 * User, Windows: names of accounts, without a packet.
 *
 * LookupAccountSid() may ask a domain controller. So only accounts that this machine knows on its
 * own are looked up: built-in ones, services, those of the machine's own user list, and the one
 * that runs berth. The others are told as the text of their SID.
 */
#pragma once

#include "base/arena.h"

/* The user of process `process` (a HANDLE with PROCESS_QUERY_LIMITED_INFORMATION) in `arena`; NULL
 * = not told. */
const char *user_of_process(void *process, struct arena *arena);
