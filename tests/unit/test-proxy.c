/* Where a process passes on what arrives at its listener, by its arguments. */
#include "live/proxy.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_WORDS = 40 };

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A command with single blanks ("FILE=WORD ..." where the program's file is not called as its first
 * word), the listener's port, and what comes of it: "TO PORT", then the
 * container and the note if there are any; NULL = it is no proxy for this listener. */
static const struct {
	const char *command, *local, *wanted;
	uint16_t port;
	enum transport transport;
} cases[] = {
	{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 "
	 "-container-port 80", "0.0.0.0", "docker-proxy 172.17.0.2 80", 8080, TRANSPORT_TCP},
	{"docker-proxy -proto tcp -host-ip :: -host-port 8080 -container-ip fd00::2 "
	 "-container-port 80 -use-listen-fd", "::", "docker-proxy fd00::2 80", 8080, TRANSPORT_TCP},
	{"docker-proxy --proto=udp --host-port=53 --container-ip=172.17.0.2 --container-port=5353",
	 "10.0.0.1", "docker-proxy 172.17.0.2 5353", 53, TRANSPORT_UDP},
	{"docker-proxy -proto udp -host-port 8080 -container-ip 172.17.0.2 -container-port 80",
	 "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"docker-proxy -proto tcp -host-port 8081 -container-ip 172.17.0.2 -container-port 80",
	 "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"docker-proxy -host-port 8080 -container-ip", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"docker-proxy -host-port 8080 -container-ip a -container-port 0", "0.0.0.0", NULL, 8080,
	 TRANSPORT_TCP},
	{"docker-proxy", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"conmon --api-version 1 -c " ID " -n web", "0.0.0.0", "conmon ? 0 container=" ID, 8080,
	 TRANSPORT_TCP},
	{"conmon --cid=" ID, "0.0.0.0", "conmon ? 0 container=" ID, 8080, TRANSPORT_TCP},
	{"conmon -c", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"rootlessport", "::", "rootlessport ? 0", 8080, TRANSPORT_TCP},
	{"slirp4netns -c -r 3 --netns-type=path /run/user/1000/netns/netns-1 tap0", "0.0.0.0",
	 "slirp4netns ? 0 note=network /run/user/1000/netns/netns-1", 8080, TRANSPORT_TCP},
	{"slirp4netns --configure 4711 tap0", "0.0.0.0", "slirp4netns ? 0 note=network of pid 4711",
	 8080, TRANSPORT_TCP},
	{"pasta --config-net -t 8080-8090:80-90 -u none --netns /run/netns/x", "0.0.0.0",
	 "pasta ? 85", 8085, TRANSPORT_TCP},
	{"pasta -t 22,127.0.0.1/8080:80 4711", "127.0.0.1", "pasta ? 80", 8080, TRANSPORT_TCP},
	{"pasta -t 22 -t ~5,8080:1 4711", "0.0.0.0", "pasta ? 1", 8080, TRANSPORT_TCP},
	{"pasta -t 8080:80 -u 53:5353 4711", "0.0.0.0", "pasta ? 5353", 53, TRANSPORT_UDP},
	{"pasta -t auto 4711", "0.0.0.0", "pasta ? 8080", 8080, TRANSPORT_TCP},
	{"pasta -t 70000:80,8080:99999,- 4711", "0.0.0.0", "pasta ? 8080", 8080, TRANSPORT_TCP},
	/* as the programs of Debian 12 and rootless podman start them */
	{"passt.avx2=pasta --config-net --ipv4-only -t 8080-8080:80-80 -u 53:5353 -T none -U none "
	 "--no-map-gw -f -- sleep 20", "0.0.0.0", "pasta ? 80", 8080, TRANSPORT_TCP},
	{"passt.avx2=/usr/bin/pasta --config-net -t 10.0.0.1/8080-8081:80-81 --dns-forward "
	 "169.254.1.1 -u none -T none -U none --no-map-gw --quiet --netns "
	 "/run/user/1000/netns/netns-1", "10.0.0.1", "pasta ? 81", 8081, TRANSPORT_TCP},
	{"passt=passt -f -t 127.0.0.1%lo/8080:22 --socket /tmp/vm", "127.0.0.1", "passt ? 22", 8080,
	 TRANSPORT_TCP},
	{"slirp4netns --disable-host-loopback --mtu=65520 --enable-sandbox --enable-seccomp "
	 "--enable-ipv6 -c -r 3 --netns-type=path /run/user/1000/netns/cni-1 tap0", "0.0.0.0",
	 "slirp4netns ? 0 note=network /run/user/1000/netns/cni-1", 8080, TRANSPORT_TCP},
	{"slirp4netns --mtu 65520 -r 3 --disable-host-loopback --api-socket /tmp/s --userns-path="
	 "/proc/9/ns/user --netns-type=path /proc/9/ns/net tap0", "0.0.0.0",
	 "slirp4netns ? 0 note=network /proc/9/ns/net", 8080, TRANSPORT_TCP},
	{"ssh -N -L 8080:db.internal:80 bastion", "127.0.0.1",
	 "ssh db.internal 80 note=through bastion", 8080, TRANSPORT_TCP},
	{"ssh -fNL8080:10.0.0.2:80 -p 22 ada@bastion uptime", "127.0.0.1",
	 "ssh 10.0.0.2 80 note=through ada@bastion", 8080, TRANSPORT_TCP},
	{"ssh -L [::1]:8080:[fd00::2]:80 -i key bastion", "::1",
	 "ssh fd00::2 80 note=through bastion", 8080, TRANSPORT_TCP},
	{"ssh -L *:9:a:1 -L 127.0.0.1:8080:b:2 bastion", "127.0.0.1",
	 "ssh b 2 note=through bastion", 8080, TRANSPORT_TCP},
	{"ssh -D 8080 bastion", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"ssh -R 8080:a:80 bastion", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"ssh bastion -L 8080:a:80", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"ssh -L 8080:a:80:9:9 bastion", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"ssh -L 8080:/run/x.sock bastion", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"ssh -L", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"kubectl port-forward svc/web 8080:80", "127.0.0.1", "kubectl svc/web 80", 8080,
	 TRANSPORT_TCP},
	{"kubectl -n shop port-forward --address 0.0.0.0 pod/web 9:1 8080:80", "0.0.0.0",
	 "kubectl pod/web 80 note=in Kubernetes namespace shop", 8080, TRANSPORT_TCP},
	{"kubectl port-forward web 8080", "127.0.0.1", "kubectl web 8080", 8080, TRANSPORT_TCP},
	{"kubectl port-forward web :80", "127.0.0.1", "kubectl web 80", 40001, TRANSPORT_TCP},
	{"kubectl proxy --port 8080", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"kubectl port-forward web 8081:80", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"kubectl -n", "127.0.0.1", NULL, 8080, TRANSPORT_TCP},
	{"socat TCP-LISTEN:8080,fork TCP:10.0.0.2:80", "0.0.0.0", "socat 10.0.0.2 80", 8080,
	 TRANSPORT_TCP},
	{"socat -d tcp6-l:8080,reuseaddr TCP6:[fd00::2]:80,nodelay", "::", "socat fd00::2 80", 8080,
	 TRANSPORT_TCP},
	{"socat UDP4-RECVFROM:53,fork UDP4:dns.internal:5353", "0.0.0.0", "socat dns.internal 5353",
	 53, TRANSPORT_UDP},
	{"socat TCP-LISTEN:8080,fork EXEC:sh", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"socat TCP-LISTEN:8081 TCP:10.0.0.2:80", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"socat TCP-LISTEN:8080 TCP:10.0.0.2", "0.0.0.0", NULL, 8080, TRANSPORT_TCP},
	{"nginx -g x", "0.0.0.0", NULL, 80, TRANSPORT_TCP},
};

static const char *const *split(const char *command, struct arena *arena)
{
	const char **words = arena_calloc(arena, MOST_WORDS + 1, sizeof(*words));
	size_t n = 0;

	assert_non_null(words);
	while (*command && n < MOST_WORDS) {
		size_t length = strcspn(command, " ");

		words[n++] = arena_strndup(arena, command, length);
		command += length + (command[length] == ' ');
	}
	return words;
}

static const char *describe(const struct live_published *p, struct arena *arena)
{
	char address[ADDRESS_TEXT_SIZE];
	const char *to = p->to_name ? p->to_name : "?";

	if (p->has_to)
		to = address_format(&p->to, address);
	return arena_printf(arena, "%s %s %u%s%s%s%s", p->by, to, p->to_ports.first,
			    p->container ? " container=" : "", p->container ? p->container : "",
			    p->note ? " note=" : "", p->note ? p->note : "");
}

static void test_commands(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena arena = {0};
		struct live_process p = {.command = split(cases[i].command, &arena)};
		struct live_socket s = {.transport = cases[i].transport,
					.local_port = cases[i].port,
					.cookie = 77};
		struct live_published out = {0};
		const char *got = NULL;

		p.program = p.command[0];
		if (strchr(p.program, '=')) {
			const char *first[] = {strchr(p.program, '=') + 1};

			p.program = arena_strndup(&arena, p.program, strcspn(p.program, "="));
			memcpy((void *)(uintptr_t)p.command, first, sizeof(first));
		}
		assert_int_equal(address_parse(cases[i].local, &s.local), 0);
		if (proxy_read(&p, &s, &arena, &out)) {
			got = describe(&out, &arena);
			assert_int_equal(out.via, 77);
			assert_int_equal(out.ports.first, cases[i].port);
			assert_int_equal(out.has_address, !address_is_wildcard(&s.local));
		}
		if (!got != !cases[i].wanted || (got && strcmp(got, cases[i].wanted) != 0))
			fail_msg("%s: \"%s\" is not \"%s\"", cases[i].command, got ? got : "no",
				 cases[i].wanted ? cases[i].wanted : "no");
		arena_fini(&arena);
	}
}

static void test_other_sockets(void **state BERTH_UNUSED)
{
	static const char *const command[] = {"conmon", "-c", ID, NULL};
	struct live_process p = {.program = "conmon", .command = command};
	struct live_socket s = {.state = LIVE_BOUND, .local_port = 8080};
	struct live_published out = {.by = "untouched"};
	struct arena arena = {0};

	assert_false(proxy_read(&p, &s, &arena, &out));
	s.state = LIVE_LISTENER;
	p.command = NULL;
	assert_false(proxy_read(&p, &s, &arena, &out));
	p.program = NULL;
	assert_false(proxy_read(&p, &s, &arena, &out));
	assert_string_equal(out.by, "untouched");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_other_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
