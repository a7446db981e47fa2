/*
 * HCN, the Host Compute Network of Windows: decodes the port reservations of its guests, WSL's
 * (networkingMode=mirrored) and virtual machines'. Pure: the bytes may come from anywhere, so it is
 * tested on any system; hcn-windows.c asks for them.
 *
 * Sources of the layout: Microsoft's reference of HcnEnumerateGuestNetworkPortReservations(),
 * HCN_PORT_RANGE_ENTRY and HCN_PORT_PROTOCOL (Windows 10 1809, Server 2019); hcn-windows.c asserts
 * it against mingw-w64's computenetwork.h. Both ends of a range belong to it; ports are in host
 * order (so WSL's own source takes them, GuestNetworkService).
 *
 * What is believed of an entry
 *
 * - Its owner: dumps of that table in WSL's bug reports hold the sockets of the host too, and what
 *   `netsh int ipv4 show excludedportrange` lists with a `*`; they name as owner the "host
 *   partition", which is Hyper-V's documented address HV_GUID_LOOPBACK. Such an entry is passed
 *   over, as is one that belongs to another address that stands for no single guest: an entry of
 *   the host does not tell whether somebody else may bind the port.
 * - Protocol and ports. Nobody documents the values of ReservationType, SharingFlags, DeliveryMode:
 *   a port that a guest shares (multicast) looks like one that it has for itself. So a reservation
 *   is no proof that bind(2) fails, and no judgement stands on it.
 * - An entry of a guest that makes no sense (an unknown protocol, a range that begins behind its
 *   end) makes the whole answer one that is not understood.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* A GUID as Windows keeps it: the first three parts in the machine's order. */
struct hcn_guid {
	uint32_t part_1;
	uint16_t part_2, part_3;
	uint8_t part_4[8];
};

/* HCN_PORT_RANGE_ENTRY. */
struct hcn_entry {
	struct hcn_guid owner, target; /* partitions */
	uint32_t protocol;             /* HCN_TCP ... */
	uint32_t padding;
	uint64_t priority;
	uint32_t reservation_type, sharing_flags, delivery_mode;
	uint16_t first_port, last_port;
};

/* HCN_PORT_PROTOCOL. */
enum { HCN_TCP = 1, HCN_UDP = 2, HCN_BOTH = 3 };

/* More entries than this are not read: each port twice for each protocol. (WSL has been seen with
 * more than 16,000.) */
enum { HCN_MOST_ENTRIES = 4 * 65536 };

/*
 * The ports that guests have reserved, by protocol: sorted, none overlaps or touches another; port
 * 0 is none. `bytes` are struct hcn_entry, aligned or not, and nothing else. Returns 0, -EBADMSG
 * (not understood), -EFBIG or -ENOMEM.
 */
int hcn_decode(const void *bytes, size_t n_bytes, struct arena *arena, struct live_spans *tcp,
	       struct live_spans *udp) BERTH_MUST_CHECK;
