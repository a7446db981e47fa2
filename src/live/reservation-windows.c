#include "live/reservation-windows.h"

#include "base/wide-windows.h"

reservation_fn reservation_find(enum transport space)
{
	union {
		FARPROC found;
		reservation_fn call;
	} look_up = {.found = GetProcAddress(GetModuleHandleW(L"iphlpapi.dll"),
					     space == TRANSPORT_TCP
						     ? "LookupPersistentTcpPortReservation"
						     : "LookupPersistentUdpPortReservation")};

	return look_up.call;
}

int reservation_ask(reservation_fn look_up, uint16_t port)
{
	ULONG64 token = 0;
	ULONG error = look_up(htons(port), 1, &token);

	if (error == ERROR_NOT_FOUND)
		return 0;
	return error ? -wide_errno(error) : token != 0;
}
