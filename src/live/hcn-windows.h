/*
 * HCN, Windows: asks the Host Compute Network for the port reservations of guests.
 *
 * The library is loaded by its name from the system's folder alone, and where there is none nothing
 * is asked: it comes with Windows 10 1809. Nor is anything asked while the Host Network Service
 * does not run: asking might start it. It may hang, so it is asked from a thread of its own,
 * and left behind after a time.
 */
#pragma once

#include "base/str.h"
#include "live/hcn.h"

#include <winsock2.h>

#include <computenetwork.h>

/* Who is asked. Tests put others here. */
struct hcn_library {
	int (*is_service_running)(void); /* 1, 0, or a negative errno */
	HRESULT(WINAPI *enumerate)(ULONG *n, HCN_PORT_RANGE_ENTRY **entries);
	VOID(WINAPI *release)(HCN_PORT_RANGE_ENTRY *entries);
	uint32_t limit_ms;
};

/* The system's. Returns 0, or -ENODEV: it has none. It stays loaded. */
int hcn_load(struct hcn_library *out) BERTH_MUST_CHECK;

/*
 * The bytes of all entries (struct hcn_entry), appended to `out`. Returns 0, -ENODEV (the service
 * does not run), -ETIMEDOUT, -EFBIG, -EBADMSG (fewer than it says), or another negative errno.
 */
int hcn_ask(const struct hcn_library *library, struct str *out) BERTH_MUST_CHECK;
