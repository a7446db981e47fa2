/*
 * computenetwork.dll for wine, which has none: the two calls that list the port reservations of
 * guests. tests/windows/run puts it into the system's folder of its own wine; what it says is not
 * Windows' word, but the way to it is berth's own. BERTH_TEST_HCN chooses:
 *
 *     guests   two of a guest: 8003 and 44620-48715, and two of the host itself
 *     none     nothing
 *     denied   E_ACCESSDENIED
 *     odd      a range that begins behind its end
 *     huge     more entries than there are
 *     hang     never answers
 *
 * A file that BERTH_TEST_HCN_LOG names gets a line for each call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <computenetwork.h>

#define GUEST                                                                                      \
	{                                                                                          \
		0x6f5c0b1e, 0x55a1, 0x4d1f, {0x9a, 0x83, 0x0a, 0x4d, 0x7b, 0x7f, 0x6f, 1}          \
	}
#define HOST                                                                                       \
	{                                                                                          \
		0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}       \
	}

static const HCN_PORT_RANGE_ENTRY guests[] = {
	{HOST, HOST, HCN_PORT_PROTOCOL_TCP, 0x1ffffffffffffe6, 2, 13, 0, 5040, 5040},
	{GUEST, GUEST, HCN_PORT_PROTOCOL_BOTH, 0x1ffffffffffffe5, 0, 0, 1, 44620, 48715},
	{HOST, HOST, HCN_PORT_PROTOCOL_TCP, 0x1fffffffffffff4, 1, 11, 2, 50000, 50059},
	{GUEST, GUEST, HCN_PORT_PROTOCOL_TCP, 0x1ffffffffffffe4, 0, 0, 1, 8003, 8003},
};
static const HCN_PORT_RANGE_ENTRY odd[] = {
	{GUEST, GUEST, HCN_PORT_PROTOCOL_TCP, 1, 0, 0, 1, 8003, 8003},
	{GUEST, GUEST, HCN_PORT_PROTOCOL_TCP, 1, 0, 0, 1, 9, 8},
};

static void say(const char *line)
{
	const char *name = getenv("BERTH_TEST_HCN_LOG");
	FILE *log = name ? fopen(name, "a") : NULL;

	if (log) {
		fprintf(log, "%s\n", line);
		fclose(log);
	}
}

static HRESULT give(const HCN_PORT_RANGE_ENTRY *from, size_t n, ULONG *count,
		    HCN_PORT_RANGE_ENTRY **entries)
{
	*entries = malloc(n * sizeof(*from));
	if (!*entries)
		return E_OUTOFMEMORY;
	memcpy(*entries, from, n * sizeof(*from));
	*count = (ULONG)n;
	return S_OK;
}

__declspec(dllexport) HRESULT WINAPI
HcnEnumerateGuestNetworkPortReservations(ULONG *count, HCN_PORT_RANGE_ENTRY **entries)
{
	const char *part = getenv("BERTH_TEST_HCN");
	HRESULT result = E_FAIL;

	say("asked");
	*count = 0;
	*entries = NULL;
	if (!part || strcmp(part, "none") == 0)
		return S_OK;
	if (strcmp(part, "hang") == 0)
		Sleep(INFINITE);
	if (strcmp(part, "denied") == 0)
		return E_ACCESSDENIED;
	if (strcmp(part, "guests") == 0)
		result = give(guests, sizeof(guests) / sizeof(*guests), count, entries);
	if (strcmp(part, "odd") == 0)
		result = give(odd, sizeof(odd) / sizeof(*odd), count, entries);
	if (strcmp(part, "huge") == 0) {
		result = give(odd, 1, count, entries);
		*count = ~(ULONG)0;
	}
	return result;
}

__declspec(dllexport) VOID WINAPI
HcnFreeGuestNetworkPortReservations(HCN_PORT_RANGE_ENTRY *entries)
{
	say("freed");
	free(entries);
}
