/*
 * Reservation, Windows: whether a port by itself is a block that is reserved for good
 * (LookupPersistentTcpPortReservation(), LookupPersistentUdpPortReservation(); Windows Vista). They
 * are asked for by their names: Wine has none.
 */
#pragma once

#include "query/transport.h"

#include <winsock2.h>

/* One of them: the first port in network order, how many, the token. */
typedef ULONG(WINAPI *reservation_fn)(USHORT first_be, USHORT n, PULONG64 token);

/* The system's for TRANSPORT_TCP or _UDP; NULL: it has none. */
reservation_fn reservation_find(enum transport space);

/* Ask it. Returns 1, 0, or a negative errno. INVALID_PORT_RESERVATION_TOKEN (0) is none. */
int reservation_ask(reservation_fn look_up, uint16_t port);
