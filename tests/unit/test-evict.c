/* Plans of evictions: what is ended, what is stopped, and every refusal. */
#include "act/evict.h"
#include "act/spare.h"
#include "base/arena.h"
#include "base/str.h"
#include "live/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "1111111111111111111111111111111111111111111111111111111111111111"
#define WORLD "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 1 here\n" \
	      "rules ephemeral=32768-60999 unprivileged=1024\n"
#define LISTENS(owners) \
	WORLD "socket tcp listener 0.0.0.0:80 inode=5 cookie=50 owners=" owners "\n"

/* Windows names no sockets: neither inode nor cookie. */
#define ON_WINDOWS(process) \
	"berth-world 1\nat 2026-08-17T09:30:00Z\nsystem windows\nnamespace 1 here\n" \
	"socket tcp listener 0.0.0.0:80 owners=8:3\nprocess 8 " process "\n"

#define ON_MACOS(process) \
	"berth-world 1\nat 2026-08-17T09:30:00Z\nsystem macos\nnamespace 0 here\n" \
	"socket tcp listener 0.0.0.0:80 cookie=4 owners=8:3\nprocess 8 " process "\n"

enum { STOP = 1, TIME_WAIT = 2 };

/* A plan. `expected`: a line a step, "ACTION[!]:WHY PID SOCKETS [+ALSO] [UNIT] [c=CONTAINER]"; "!"
 * = a port stays held. */
struct row {
	const char *name, *world, *ports, *expected;
	unsigned int flags;
	uint32_t ancestor, denied; /* a process above berth; one that berth may not signal */
	uint16_t ssh_port;
	uint64_t ns_id;
	enum evict_why why; /* the refusal that the row is for */
};

static const struct row rows[] = {
	{.name = "nothing there", .world = WORLD, .ports = "80", .expected = ""},
	{.name = "a plain server",
	 .world = LISTENS("7:3") "process 7 program=web parents=6:bash,1:systemd\n",
	 .ports = "80",
	 .expected = "signal 7 80\n"},
	{.name = "only that port, and what else it serves",
	 .world = LISTENS("7:3") "process 7 program=web\n"
		  "socket tcp listener 0.0.0.0:8080 cookie=51 owners=7:4\n"
		  "socket tcp listener 0.0.0.0:800 cookie=52 owners=8:4\n"
		  "process 8 program=other\n",
	 .ports = "80",
	 .expected = "signal 7 80 +8080\n"},
	{.name = "two asked ports of one process",
	 .world = LISTENS("7:3") "process 7 program=web\n"
		  "socket tcp listener 0.0.0.0:443 cookie=51 owners=7:4\n",
	 .ports = "80 443",
	 .expected = "signal 7 80,443\n"},
	{.name = "one transport",
	 .world = LISTENS("7:3") "process 7 program=web\nprocess 8 program=dns\n"
		  "socket udp listener 0.0.0.0:80 cookie=51 owners=8:4\n",
	 .ports = "80/udp",
	 .expected = "signal 8 80u\n"},
	{.name = "everybody who shares it, the oldest first",
	 .world = LISTENS("7:3,9:3,8:3")
		  "process 7 program=web started=2026-08-17T09:00:00Z\n"
		  "process 8 program=web started=2026-08-17T09:00:02Z parents=7:web\n"
		  "process 9 program=web started=2026-08-17T09:00:01Z parents=7:web\n",
	 .ports = "80",
	 .expected = "signal 7 80\nsignal 9 80\nsignal 8 80\n"},
	{.name = "bound and not listening",
	 .world = WORLD "socket tcp bound 0.0.0.0:80 cookie=50 owners=7:3\nprocess 7 program=x\n",
	 .ports = "80",
	 .expected = "signal 7 80\n"},
	{.name = "MPTCP is TCP's port space",
	 .world = WORLD "socket mptcp listener 0.0.0.0:80 cookie=50 owners=7:3\n"
			"process 7 program=x\n",
	 .ports = "80/tcp",
	 .expected = "signal 7 80\n"},
	{.name = "a service: a signal, with a word about its unit",
	 .world = LISTENS("7:3") "process 7 program=nginx unit=nginx.service parents=1:systemd\n",
	 .ports = "80",
	 .expected = "signal? 7 80 nginx.service\n"},
	{.name = "a service, stopped; its other processes' ports are named",
	 .world = LISTENS("7:3,8:3")
		  "process 7 program=nginx unit=nginx.service parents=1:systemd\n"
		  "process 8 program=nginx unit=nginx.service parents=7:nginx,1:systemd\n"
		  "process 9 program=helper unit=nginx.service parents=7:nginx,1:systemd\n"
		  "socket tcp listener 0.0.0.0:81 cookie=52 owners=9:4\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-unit 7 80 +81 nginx.service\n"},
	{.name = "no scope is stopped",
	 .world = LISTENS("7:3")
		  "process 7 program=node unit=session-3.scope parents=6:bash,1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80 session-3.scope\n"},
	{.name = "no slice is stopped",
	 .world = LISTENS("7:3") "process 7 program=node unit=a.slice parents=1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80 a.slice\n"},
	{.name = "another user's service is not the system's to stop",
	 .world = LISTENS("7:3") "process 7 program=node uid=1000 unit=app.service login=ada "
				 "parents=600:systemd,1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80 app.service\n"},
	{.name = "the caller's own service is stopped by the caller's own manager",
	 .world = LISTENS("7:3") "process 7 program=node uid=0 unit=app.service login=root "
				 "parents=600:systemd,1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-unit(user) 7 80 app.service\n"},
	{.name = "not below systemd: not stopped",
	 .world = LISTENS("7:3") "process 7 program=node unit=app.service parents=6:stranger\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80 app.service\n"},
	{.name = "a job of cron's is not cron",
	 .world = LISTENS("7:3") "process 7 program=node unit=cron.service "
				 "parents=6:sh,5:cron,1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80 cron.service\n"},
	{.name = "in a container, by a signal",
	 .world = LISTENS("7:3") "process 7 program=web container=" ID " parents=6:conmon\n"
				 "container " ID " name=web runtime=podman\n",
	 .ports = "80",
	 .expected = "signal? 7 80 c=11\n"},
	{.name = "in a container that is stopped",
	 .world = LISTENS("7:3") "process 7 program=web container=" ID " parents=6:conmon\n"
				 "container " ID " name=web runtime=podman\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-container 7 80 c=11\n"},
	{.name = "Windows: a program",
	 .world = ON_WINDOWS("program=web.exe"), .ports = "80", .expected = "signal 8 80\n"},
	{.name = "macOS: an ordinary program",
	 .world = ON_MACOS("program=node path=/opt/homebrew/bin/node"),
	 .ports = "80",
	 .expected = "signal 8 80\n"},
	{.name = "macOS: a job of launchd is a process, not a unit to stop",
	 .world = ON_MACOS("program=ruby path=/usr/bin/ruby unit=homebrew.mxcl.puma"),
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 8 80 homebrew.mxcl.puma\n"},
	{.name = "macOS: AirPlay is the system's",
	 .world = ON_MACOS("program=ControlCenter path=/System/Library/CoreServices/"
			   "ControlCenter.app/Contents/MacOS/ControlCenter"),
	 .ports = "80",
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "macOS: every container of Docker stands on it",
	 .world = ON_MACOS("program=com.docker.backend path=/Applications/Docker.app/x"),
	 .ports = "80",
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "Windows: a service is never ended",
	 .world = ON_WINDOWS("program=httpd.exe unit=Apache2.4"),
	 .ports = "80",
	 .expected = "refuse!? 8 80 Apache2.4\n",
	 .why = EVICT_WHY_ASK_UNIT},
	{.name = "Windows: a service is stopped when that is said",
	 .world = ON_WINDOWS("program=httpd.exe unit=Apache2.4"),
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-unit 8 80 Apache2.4\n"},
	{.name = "Windows: several services in one process",
	 .world = ON_WINDOWS("program=svchost.exe unit=AppA,AppB"),
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 8 80 AppA,AppB\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "Windows: services that were not told",
	 .world = ON_WINDOWS("program=svchost.exe"),
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "Windows: what it stands on, in any case of its letters",
	 .world = ON_WINDOWS("program=LSASS.EXE"),
	 .ports = "80",
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "Windows: a service that others stand on",
	 .world = ON_WINDOWS("program=svchost.exe unit=termservice"),
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 8 80 termservice\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "Windows: berth's own shell",
	 .world = ON_WINDOWS("program=cmd.exe"),
	 .ports = "80",
	 .ancestor = 8,
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_ANCESTOR},
	{.name = "Windows: what berth may not end",
	 .world = ON_WINDOWS("program=web.exe"),
	 .ports = "80",
	 .denied = 8,
	 .expected = "refuse! 8 80\n",
	 .why = EVICT_WHY_PERMISSION},
	{.name = "a container of a unit: the unit",
	 .world = LISTENS("7:3") "process 7 program=web container=" ID " unit=web.service "
				 "parents=6:conmon,1:systemd\n"
				 "container " ID " name=web runtime=podman\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-unit 7 80 web.service c=11\n"},
	{.name = "a published port, through conmon",
	 .world = LISTENS("7:5") "process 7 program=conmon command=conmon,-c," ID "\n"
				 "published tcp 80 by=nftables to=10.0.0.2 ports=80 container=" ID
				 " via=50\ncontainer " ID " runtime=podman\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-container 7 80 c=11\n"},
	{.name = "a published port, through docker-proxy",
	 .world = LISTENS("7:4") "process 7 program=docker-proxy unit=docker.service "
				 "parents=6:dockerd,1:systemd\n"
				 "published tcp 80 by=docker-proxy to=10.0.0.2 ports=80 container="
				 ID " via=50\ncontainer " ID " runtime=docker\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-container 7 80 docker.service c=11\n"},
	{.name = "dockerd itself keeps the number",
	 .world = LISTENS("7:4") "process 7 program=dockerd unit=docker.service parents=1:systemd\n"
				 "published tcp 80 by=nftables to=10.0.0.2 ports=80 container=" ID
				 "\ncontainer " ID " runtime=docker\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-container 7 80 docker.service c=11\n"},
	{.name = "rules without a socket",
	 .world = WORLD "published tcp 80 by=nftables to=10.0.0.2 ports=80 container=" ID "\n"
			"container " ID " runtime=docker\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "stop-container - - c=11\n"},
	{.name = "ssh -L is an ordinary program",
	 .world = LISTENS("7:4") "process 7 program=ssh command=ssh,-L,80:db:5432,bastion\n"
				 "published tcp 80 by=ssh to-name=db ports=5432 via=50\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "signal 7 80\n"},
	{.name = "a redirect within the machine holds nothing",
	 .world = WORLD "published tcp 80 here ports=8080 by=nftables\n",
	 .ports = "80",
	 .expected = ""},
	{.name = "a socket unit and its running service",
	 .world = WORLD "socket tcp listener 0.0.0.0:631 cookie=50 unit=cups.socket "
			"owners=1:5,7:3\n"
			"process 1 program=systemd started=2026-08-17T09:00:00Z\n"
			"process 7 program=cupsd unit=cups.service parents=1:systemd "
			"started=2026-08-17T09:01:00Z\n",
	 .ports = "631",
	 .flags = STOP,
	 .expected = "stop-unit 1 631 cups.socket\nstop-unit 7 631 cups.service\n"},
	{.name = "two socket units are two steps",
	 .world = WORLD "socket tcp listener 0.0.0.0:80 cookie=50 unit=a.socket owners=1:5\n"
			"socket tcp listener 0.0.0.0:81 cookie=51 unit=b.socket owners=1:6\n"
			"process 1 program=systemd\n",
	 .ports = "80 81",
	 .flags = STOP,
	 .expected = "stop-unit 1 80 a.socket\nstop-unit 1 81 b.socket\n"},
	{.name = "two processes of a unit in one step, and closed connections in one of their own",
	 .world = LISTENS("7:3,8:3")
		  "process 7 program=nginx unit=nginx.service parents=1:systemd\n"
		  "process 8 program=nginx unit=nginx.service parents=7:nginx,1:systemd\n"
		  "socket tcp listener 0.0.0.0:81 cookie=52 uid=33\n"
		  "socket tcp time-wait 10.0.0.1:80 10.0.0.2:5000\n",
	 .ports = "80 81",
	 .flags = STOP | TIME_WAIT,
	 .expected = "stop-unit 7 80 nginx.service\ndestroy - 80\nrefuse! - 81\n"},
	{.name = "closed connections, when asked",
	 .world = WORLD "socket tcp time-wait 10.0.0.1:80 10.0.0.2:5000\n"
			"socket tcp time-wait 10.0.0.1:80 10.0.0.2:5001\n"
			"socket tcp time-wait 10.0.0.1:5002 10.0.0.2:80\n",
	 .ports = "80",
	 .flags = TIME_WAIT,
	 .expected = "destroy - 80,80\n"},
	{.name = "closed connections, not asked",
	 .world = WORLD "socket tcp time-wait 10.0.0.1:80 10.0.0.2:5000\n",
	 .ports = "80",
	 .expected = ""},
	{.name = "UDP in the ephemeral range, named",
	 .world = WORLD "socket udp listener 0.0.0.0:40000 cookie=50 owners=7:3\n"
			"process 7 program=dig\n",
	 .ports = "40000/udp",
	 .expected = "signal 7 40000u\n"},
	{.name = "a named namespace",
	 .world = WORLD "namespace 2 name=blue\nprocess 7 program=a\nprocess 8 program=b\n"
			"socket tcp listener 0.0.0.0:80 ns=2 cookie=51 owners=8:3\n"
			"socket tcp listener 0.0.0.0:80 cookie=50 owners=7:3\n",
	 .ports = "80",
	 .ns_id = 2,
	 .expected = "signal 8 80\nrefuse 7 80\n",
	 .why = EVICT_WHY_NAMESPACE},
	/* every refusal */
	{.name = "process 1", .world = LISTENS("1:3") "process 1 program=init\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 1 80\n",
	 .why = EVICT_WHY_INIT},
	{.name = "a process above berth",
	 .world = LISTENS("7:3") "process 7 program=ide parents=1:systemd unit=ide.service\n",
	 .ports = "80",
	 .flags = STOP,
	 .ancestor = 7,
	 .expected = "refuse! 7 80 ide.service\n",
	 .why = EVICT_WHY_ANCESTOR},
	{.name = "the ssh server of this login",
	 .world = WORLD "socket tcp listener 0.0.0.0:2222 cookie=50 owners=7:3\n"
			"process 7 program=sshd unit=session-1.scope parents=6:sh,1:systemd\n",
	 .ports = "2222",
	 .ssh_port = 2222,
	 .expected = "refuse! 7 2222 session-1.scope\n",
	 .why = EVICT_WHY_LOGIN},
	{.name = "an ssh server of one's own that has nothing to do with this login",
	 .world = WORLD "socket tcp listener 0.0.0.0:2222 cookie=50 owners=7:3\n"
			"process 7 program=sshd unit=session-1.scope parents=6:sh,1:systemd\n",
	 .ports = "2222",
	 .ssh_port = 22,
	 .expected = "signal 7 2222 session-1.scope\n"},
	{.name = "the kernel",
	 .world = WORLD "socket udp listener 0.0.0.0:4789 cookie=50 owners=kernel:vxlan\n",
	 .ports = "4789",
	 .expected = "refuse! - 4789u\n",
	 .why = EVICT_WHY_KERNEL},
	{.name = "another namespace is not this port",
	 .world = WORLD "namespace 2 name=web container=" ID "\nprocess 8 program=nginx\n"
			"socket tcp listener 0.0.0.0:80 ns=2 cookie=51 owners=8:3\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse 8 80 c=11\n",
	 .why = EVICT_WHY_NAMESPACE},
	{.name = "nobody to be seen", .world = WORLD "socket tcp listener 0.0.0.0:80 cookie=50\n",
	 .ports = "80",
	 .expected = "refuse! - 80\n",
	 .why = EVICT_WHY_UNSEEN},
	{.name = "a guess is no owner",
	 .world = LISTENS("7::cgroup") "process 7 program=web\n",
	 .ports = "80",
	 .expected = "refuse! 7 80\n",
	 .why = EVICT_WHY_GUESS},
	{.name = "not permitted",
	 .world = LISTENS("7:3") "process 7 program=web uid=0 user=root\n",
	 .ports = "80",
	 .denied = 7,
	 .expected = "refuse! 7 80\n",
	 .why = EVICT_WHY_PERMISSION},
	{.name = "ssh.service",
	 .world = WORLD "socket tcp listener 0.0.0.0:22 cookie=50 owners=7:3\n"
			"process 7 program=sshd unit=ssh.service parents=1:systemd\n",
	 .ports = "22",
	 .flags = STOP,
	 .expected = "refuse! 7 22 ssh.service\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "systemd-resolved",
	 .world = WORLD "socket udp listener 127.0.0.53:53 cookie=50 owners=7:3\n"
			"process 7 program=systemd-resolved unit=systemd-resolved.service "
			"parents=1:systemd\n",
	 .ports = "53",
	 .flags = STOP,
	 .expected = "refuse! 7 53u systemd-resolved.service\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "ssh.socket is never stopped",
	 .world = WORLD "socket tcp listener 0.0.0.0:22 cookie=50 unit=ssh.socket owners=1:5\n"
			"process 1 program=systemd\n",
	 .ports = "22",
	 .flags = STOP,
	 .expected = "refuse! 1 22 ssh.socket\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "dockerd, and no container is known",
	 .world = LISTENS("7:4") "process 7 program=dockerd unit=docker.service "
				 "parents=1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 7 80 docker.service\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "the manager of a user",
	 .world = LISTENS("7:4") "process 7 program=systemd uid=1000 unit=user@1000.service "
				 "parents=1:systemd\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 7 80 user@1000.service\n",
	 .why = EVICT_WHY_PROTECTED},
	{.name = "a proxy to nobody knows where",
	 .world = LISTENS("7:4") "process 7 program=slirp4netns command=slirp4netns,42\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 7 80\n",
	 .why = EVICT_WHY_PROXY},
	{.name = "a proxy of one of two containers",
	 .world = LISTENS("7:4") "process 7 program=rootlessport command=rootlessport\n"
				 "published tcp 80 by=nftables to=10.0.0.2 ports=80 container=" ID
				 "\npublished tcp 80 by=nftables to=10.0.0.3 ports=80 "
				 "container=2222\n"
				 "container " ID " runtime=podman\n"
				 "container 2222 runtime=podman\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 7 80\nrefuse! - - c=11\nrefuse! - - c=22\n",
	 .why = EVICT_WHY_PROXY},
	{.name = "a socket unit needs a word",
	 .world = WORLD "socket tcp listener 0.0.0.0:80 cookie=50 unit=a.socket owners=1:5\n"
			"process 1 program=systemd\n",
	 .ports = "80",
	 .expected = "refuse!? 1 80 a.socket\n",
	 .why = EVICT_WHY_ASK_UNIT},
	{.name = "a container needs a word",
	 .world = LISTENS("7:5") "process 7 program=conmon command=conmon,-c," ID "\n"
				 "container " ID " runtime=podman\n",
	 .ports = "80",
	 .expected = "refuse!? 7 80 c=11\n",
	 .why = EVICT_WHY_ASK_CONTAINER},
	{.name = "a container of somebody else's runtime",
	 .world = LISTENS("7:5") "process 7 program=conmon command=conmon,-c," ID "\n"
				 "container " ID " runtime=cri-o\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! 7 80 c=11\n",
	 .why = EVICT_WHY_RUNTIME},
	{.name = "rules to an unknown place",
	 .world = WORLD "published tcp 79-81 by=nftables to=10.0.0.2 ports=79-81\n",
	 .ports = "80",
	 .flags = STOP,
	 .expected = "refuse! - -\n",
	 .why = EVICT_WHY_RULES},
	{.name = "UDP in the ephemeral range, not named",
	 .world = WORLD "socket udp listener 0.0.0.0:40000 cookie=50 owners=7:3\n"
			"process 7 program=dig\n",
	 .ports = "40000",
	 .expected = "refuse 7 40000u\n",
	 .why = EVICT_WHY_MAYBE_CLIENT},
	{.name = "a client whose own port it is, and one of the server's",
	 .world = LISTENS("7:3") "process 7 program=web\nprocess 8 program=curl\n"
		  "process 9 program=browser\n"
		  "socket tcp connection 10.0.0.1:80 10.0.0.2:5000 cookie=60 owners=7:4\n"
		  "socket tcp connection 10.0.0.1:80 10.0.0.9:443 cookie=61 owners=8:4\n"
		  "socket tcp connection 10.0.0.1:5001 10.0.0.9:80 cookie=62 owners=9:4\n",
	 .ports = "80",
	 .expected = "signal 7 80\nrefuse 8 80\n",
	 .why = EVICT_WHY_CLIENT},
	{.name = "a connected UDP socket is a client",
	 .world = WORLD "socket udp connection 10.0.0.1:80 10.0.0.9:53 cookie=61 owners=8:4\n"
			"process 8 program=dig\n",
	 .ports = "80/udp",
	 .expected = "refuse 8 80u\n",
	 .why = EVICT_WHY_CLIENT},
	{.name = "nothing is ended for a port that stays held",
	 .world = LISTENS("1:3,7:3") "process 1 program=init\n"
				    "process 7 program=web parents=1:init\n",
	 .ports = "80",
	 .expected = "refuse! 1 80\nrefuse! 7 80\n",
	 .why = EVICT_WHY_POINTLESS},
	{.name = "but another port's owner is",
	 .world = LISTENS("1:3") "process 1 program=init\nprocess 7 program=web parents=1:init\n"
				 "socket tcp listener 0.0.0.0:81 cookie=51 owners=7:3\n",
	 .ports = "80 81",
	 .expected = "signal 7 81\nrefuse! 1 80\n",
	 .why = EVICT_WHY_INIT},
};

/* --- running --------------------------------------------------------------------------------- */

static size_t parse_ports(const char *text, struct evict_ask *asks, size_t most)
{
	size_t n = 0;

	while (*text && n < most) {
		size_t length = strcspn(text, " /");
		uint64_t port;

		assert_int_equal(str_parse_u64(text, length, UINT16_MAX, &port), 0);
		asks[n] = (struct evict_ask){.port = (uint16_t)port};
		text += length;
		if (*text == '/') {
			asks[n].has_transport = true;
			asks[n].transport = text[1] == 'u' ? TRANSPORT_UDP : TRANSPORT_TCP;
			text += 4;
		}
		text += *text == ' ';
		n++;
	}
	return n;
}

static void tell_sockets(const struct live_socket *const *sockets, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_printf(out, "%s%u%s", i ? "," : "", sockets[i]->local_port,
			   sockets[i]->transport == TRANSPORT_UDP ? "u" : "");
}

static void tell(const struct evict_plan *plan, struct str *out)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct evict_step *s = &plan->steps[i];

		str_printf(out, "%s%s%s%s ", evict_action_name(s->action),
			   s->is_blocking ? "!" : "", s->is_unit_of_user ? "(user)" : "",
			   s->can_stop && (s->action == EVICT_SIGNAL || s->action == EVICT_REFUSE)
				   ? "?" : "");
		str_printf(out, s->process ? "%u " : "- ", s->process ? s->process->pid : 0);
		tell_sockets(s->sockets, s->n_sockets, out);
		if (s->n_sockets == 0)
			str_append_char(out, '-');
		if (s->n_also > 0) {
			str_append(out, " +");
			tell_sockets(s->also, s->n_also, out);
		}
		if (s->unit)
			str_printf(out, " %s", s->unit);
		if (s->container)
			str_printf(out, " c=%.2s", s->container);
		str_append_char(out, '\n');
	}
}

static bool may_signal(uint32_t pid, void *context)
{
	return pid != *(const uint32_t *)context;
}

static bool make(const struct row *row, struct arena *arena, struct evict_plan *plan)
{
	struct evict_ask asks[4];
	uint32_t denied = row->denied;
	struct evict_request request = {
		.asks = asks,
		.n_asks = parse_ports(row->ports, asks, 4),
		.ns_id = row->ns_id,
		.may_stop = row->flags & STOP,
		.wants_time_wait = row->flags & TIME_WAIT,
		.self = {.ancestors = &row->ancestor,
			 .n_ancestors = row->ancestor != 0,
			 .ssh_port = row->ssh_port,
			 .may_signal = may_signal,
			 .context = &denied},
	};
	struct live_request look = live_request_default();
	struct live_snapshot live;
	struct recording r;
	char error[RECORDING_ERROR_SIZE] = "";

	look.want |= LIVE_WANT_HOLDERS;
	look.want_all_owners = look.want_all_namespaces_holders = true;
	if (recording_read(row->world, strlen(row->world), row->name, arena, &r, error) < 0) {
		print_error("%s\n", error);
		return false;
	}
	return recording_select(&r, &look, arena, &live) == 0 &&
	       evict_make(&request, &live, arena, plan) == 0;
}

static bool check_row(const struct row *row)
{
	struct arena arena = {0};
	struct evict_plan plan = {0};
	struct str told = {0};
	bool is_fine = make(row, &arena, &plan), has_why = row->why == EVICT_WHY_NONE;

	tell(&plan, &told);
	for (size_t i = 0; i < plan.n_steps; i++) {
		has_why |= plan.steps[i].why == row->why;
		/* Every refusal says why. */
		if (plan.steps[i].action == EVICT_REFUSE && !plan.steps[i].reason)
			is_fine = false;
	}
	if (!is_fine || !has_why || strcmp(str_text(&told), row->expected) != 0) {
		print_error("%s: expected\n%sgot\n%s%s\n", row->name, row->expected,
			    str_text(&told), has_why ? "" : "(for another reason)");
		is_fine = false;
	}
	str_fini(&told);
	arena_fini(&arena);
	return is_fine && has_why;
}

static void test_plans(void **state)
{
	size_t n_wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		n_wrong += !check_row(&rows[i]);
	assert_int_equal(n_wrong, 0);
}

static void test_every_refusal_has_a_row(void **state)
{
	(void)state;
	for (int why = EVICT_WHY_NONE + 1; why < N_EVICT_WHYS; why++) {
		bool has_row = false;

		for (size_t i = 0; i < N_ELEMENTS(rows); i++)
			has_row |= (int)rows[i].why == why;
		if (!has_row)
			print_error("no row for reason %d\n", why);
		assert_true(has_row);
	}
}

static void test_spared_units(void **state)
{
	static const char *const spared[] = {
		"docker.service", "docker.socket", "containerd.service", "podman.service",
		"podman.socket", "conmon.service", "kubelet.service", "ssh.service", "sshd.service",
		"ssh.socket", "ssh@7.service", "dbus.service", "dbus-broker.service", "dbus.socket",
		"cron.service", "crond.service", "getty@tty1.service", "serial-getty@ttyS0.service",
		"systemd-resolved.service", "systemd-journal-remote.socket", "user@1000.service",
		"session-1.scope", "init.scope", "user.slice", "system.slice", "a.mount", "a.timer",
	};
	static const char *const free_ones[] = {
		"nginx.service", "docker-registry.service", "dockers.service", "sshguard.service",
		"cups.socket", "web@8080.service", "cronicle.service", "podman-web.service",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(spared); i++) {
		if (!spare_unit(spared[i]))
			print_error("%s would be stopped\n", spared[i]);
		assert_true(spare_unit(spared[i]));
	}
	for (size_t i = 0; i < N_ELEMENTS(free_ones); i++)
		assert_false(spare_unit(free_ones[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_every_refusal_has_a_row),
		cmocka_unit_test(test_spared_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
