/*
 * Windows: what its tables, processes and services together tell about sockets.
 *
 * The calls are behind a table of functions, so that owners, gaps and everything else here is
 * tested with made-up answers on any system; calls-windows.c has the real ones. Only documented
 * calls are used. What those do not tell is a gap: bound-only sockets, most excluded port ranges,
 * other processes' arguments and directories, accept queues, whether an IPv6 wildcard takes IPv4,
 * the peers of connected UDP sockets, network compartments of containers. The dynamic range is a
 * gap, too: the one documented way to it is WMI (MSFT_NetTCPSetting), which is not asked.
 *
 * Excluded port ranges
 *
 * `netsh int ipv4 show excludedportrange` asks the network store (nsi.dll), whose tables nobody
 * documents; Wine's headers name some of them, not these. Documented are
 *
 * - HcnEnumerateGuestNetworkPortReservations(): what guests have reserved (live/hcn.h);
 * - LookupPersistentTcpPortReservation() and its brother for UDP: whether the very block that is
 *   named is a persistent reservation. Where one port is asked about, the block of that port alone
 *   is looked up: what `netsh int ipv4 add excludedportrange numberofports=1` is meant to make.
 *   Microsoft does not say whether it finds what netsh made. A server that names such a port gets
 *   it (KB 3039044), so no bind is judged by it, and "no" says nothing;
 * - SIO_ACQUIRE_PORT_RESERVATION and SIO_ASSOCIATE_PORT_RESERVATION, which make one and use it,
 *   and do not list;
 * - the value ReservedPorts of the registry, for Windows 2000 to Server 2003; no effect since.
 *
 * What Hyper-V's NAT and others have taken at run time none of them lists: a gap. A trial bind
 * tells (act/trial.h), and a recording may name the ranges.
 *
 * Rules
 *
 * - A row of pid 0 has no owner: TIME_WAIT, and what Windows names nobody for (a gap).
 * - A row of pid 4 is the kernel's: http.sys (IIS, WinRM, ...), SMB, NetBIOS or another driver.
 *   Windows does not tell which; a port number is no proof.
 * - The service of a socket is the one of its tag, or the only one of its process.
 * - A parent is believed only if it started no later than its child: pids are used again.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "live/iphlp.h"

enum { WINDOWS_KERNEL_PID = 4 };

/* A process as a snapshot of all lists it. */
struct windows_process {
	uint32_t pid, parent_pid;
	const char *program; /* "svchost.exe" */
};

/* What has to be asked of a process itself. NULL, LIVE_TIME_NONE = not told. */
struct windows_details {
	const char *path;
	const char *user; /* "NT AUTHORITY\SYSTEM", "HOST\name", or the text of a SID */
	live_time started;
};

/* A service that runs in a process. */
struct windows_service {
	uint32_t pid;
	const char *name;
};

/*
 * The calls. Each fills its output (in `arena` where there is one) and returns 0, or a negative
 * errno, and then nothing was filled.
 */
struct windows_calls {
	live_time (*now)(void);
	/* The bytes of a table; `out` is empty before. */
	int (*table)(enum iphlp_table t, struct str *out);
	int (*processes)(struct arena *arena, struct windows_process **out, size_t *n);
	int (*details)(uint32_t pid, struct arena *arena, struct windows_details *out);
	int (*services)(struct arena *arena, struct windows_service **out, size_t *n);
	/* The service that the row's tag stands for; -ENOENT: none. */
	int (*service_of)(enum iphlp_table t, const void *row, struct arena *arena,
			  const char **out);
	/* The network compartment in which berth runs: 1 is the one of every system, others are
	 * those of containers; 0 = not told (it has no such call). */
	uint32_t (*compartment)(void);
	/* The bytes of what guests have reserved (live/hcn.h); `out` is empty before. -ENODEV:
	 * there is nobody to ask, from whom guests would have them. */
	int (*guests)(struct str *out);
	/* Whether the port of TRANSPORT_TCP or _UDP is by itself a block that is reserved for good:
	 * 1, 0, or a negative errno; -ENODEV: there is no such call. */
	int (*reserved)(enum transport space, uint16_t port);
};

/* Look, with source_look()'s contract. */
int windows_look(const struct windows_calls *calls, const struct live_request *request,
		 struct arena *arena, struct live_snapshot *out) BERTH_MUST_CHECK;
