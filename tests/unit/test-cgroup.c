/* Which unit and container a control group belongs to, by its path. */
#include "live/cgroup-path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void check_part(const char *path, struct cgroup_part part, const char *expected)
{
	char text[256] = "";

	memcpy(text, part.at ? part.at : "", part.n);
	if (strcmp(text, expected) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", path, text, expected);
}

static void test_paths(void **state BERTH_UNUSED)
{
	static const struct {
		const char *path, *unit, *container;
	} cases[] = {
		{"/", "", ""},
		{"", "", ""},
		{"/system.slice/cron.service", "cron.service", ""},
		{"/system.slice/cron.service/sub/deep", "cron.service", ""},
		{"/system.slice/ssh.socket", "ssh.socket", ""},
		{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", ""},
		{"/system.slice/dev-disk\\x2dby.service", "dev-disk\\x2dby.service", ""},
		{"/system.slice/_cpu.service", "cpu.service", ""},
		{"/init.scope", "init.scope", ""},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", ""},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
		 "web.service", ""},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", ""},
		{"/system.slice", "", ""},
		{"/system.slice/.service", "", ""},
		{"/system.slice/a b.service", "", ""},
		{"/system.slice/a\x1b.service", "", ""},
		{"/weird//double///x.service/", "x.service", ""},
		/* Docker */
		{"/docker/" ID, "", ID},
		{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID},
		{"/system.slice/docker-" ID ".scope/system.slice/inner.service",
		 "docker-" ID ".scope", ID},
		{"/docker/" ID "/docker/" ID2, "", ID2},
		{"/docker/" ID "/init.scope", "", ID},
		{"/system.slice/docker.service", "docker.service", ""},
		/* Podman */
		{"/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID},
		{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID},
		{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", ""},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
		 "libpod-" ID ".scope", ID},
		{"/libpod_parent/libpod-" ID, "", ID},
		{"/libpod_parent/conmon", "", ""},
		/* containerd, CRI-O, Kubernetes */
		{"/kubepods/besteffort/pod1b4e28ba-2fa1-11d2-883f-0016d3cca427/" ID, "", ID},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/"
		 "cri-containerd-" ID ".scope",
		 "cri-containerd-" ID ".scope", ID},
		{"/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", "crio-" ID ".scope", ID},
		{"/kubepods.slice/kubepods-pod1.slice/crio-conmon-" ID ".scope",
		 "crio-conmon-" ID ".scope", ""},
		{"/system.slice/containerd.service/"
		 "kubepods-besteffort-pod1.slice:cri-containerd:" ID,
		 "containerd.service", ID},
		{"/default/" ID, "", ID},
		{"/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", ID},
		/* LXC, nspawn, virtual machines */
		{"/lxc/web1", "", "web1"},
		{"/lxc.payload/web1", "", "web1"},
		{"/lxc.payload.web1/system.slice/cron.service", "", "web1"},
		{"/lxc.monitor.web1", "", ""},
		{"/lxc.monitor/web1", "", ""},
		{"/machine.slice/systemd-nspawn@deb.service", "systemd-nspawn@deb.service", "deb"},
		{"/machine.slice/systemd-nspawn@deb.service/payload/system.slice/cron.service",
		 "systemd-nspawn@deb.service", "deb"},
		{"/machine.slice/machine-deb\\x2d12.scope", "machine-deb\\x2d12.scope",
		 "deb\\x2d12"},
		{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
		 "machine-qemu\\x2d1\\x2dvm.scope", ""},
		{"/machine.slice/machine-.scope", "machine-.scope", ""},
		{"/system.slice/machine-x.scope", "machine-x.scope", ""},
		/* Not an id: too short, too long, capitals, no separator before it */
		{"/docker/0123456789ab", "", ""},
		{"/docker/" ID "0", "", ""},
		{"/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "",
		 ""},
		{"/docker/x" ID, "", ""},
		{"/process_api/0eba924a2fe719a809056624cd8e8dfc", "", ""},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct cgroup_names names = cgroup_path_names(cases[i].path);

		check_part(cases[i].path, names.unit, cases[i].unit);
		check_part(cases[i].path, names.container, cases[i].container);
		assert_true(names.unit_end <= strlen(cases[i].path));
		assert_true(names.container_end <= strlen(cases[i].path));
	}
}

static void test_ends(void **state BERTH_UNUSED)
{
	const char *path = "/system.slice/a.service/b/c";
	struct cgroup_names names = cgroup_path_names(path);

	assert_int_equal(names.unit_end, strlen("/system.slice/a.service"));
	names = cgroup_path_names("/docker/" ID "/init.scope");
	assert_int_equal(names.container_end, strlen("/docker/" ID));
}

/* Whose login sessions a group belongs to. */
static void test_logins(void **state BERTH_UNUSED)
{
	static const struct {
		const char *path;
		long uid; /* -1 = nobody's */
	} cases[] = {
		{"/user.slice/user-1000.slice/session-3.scope", 1000},
		{"/user.slice/user-0.slice/user@0.service/app.slice/web.service", 0},
		{"/x/user.slice/user-4294967295.slice", 4294967295},
		{"/user.slice/user-4294967296.slice", -1},
		{"/user.slice/user-.slice/a.scope", -1},
		{"/user.slice/user-1a.slice/a.scope", -1},
		{"/user.slice", -1},
		{"/user-1000.slice/session-3.scope", -1},
		{"/system.slice/cron.service", -1},
		{"/docker/" ID "/user.slice/user-1000.slice/session-3.scope", -1},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct cgroup_names names = cgroup_path_names(cases[i].path);

		if ((names.has_login ? (long)names.login_uid : -1) != cases[i].uid)
			fail_msg("%s: %u", cases[i].path, names.login_uid);
	}
}

static void test_pick(void **state BERTH_UNUSED)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{"0::/system.slice/cron.service\n", "/system.slice/cron.service"},
		{"0::/\n", "/"},
		/* hybrid: systemd's own hierarchy says more than the unified root */
		{"1:name=systemd:/system.slice/cron.service\n0::/\n",
		 "/system.slice/cron.service"},
		{"1:name=systemd:/init.scope\n0::/system.slice/a.service\n",
		 "/system.slice/a.service"},
		/* v1 only */
		{"4:memory:/docker/" ID "\n1:name=systemd:/\n", "/docker/" ID},
		{"4:memory:/docker/" ID "\n0::/\n", "/docker/" ID},
		{"4:memory:/process_api/0eba\n1:name=systemd:/\n0::/\n", "/"},
		{"1:name=systemd:/docker/" ID "\n", "/docker/" ID},
		{"0::/with:colon/x.service\n", "/with:colon/x.service"},
		{"", NULL},
		{"nonsense\n", NULL},
		{"0:\n", NULL},
		{"0::relative\n", NULL},
		{"\n\n0::/ok\n", "/ok"},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char text[512];
		const char *picked;

		snprintf(text, sizeof(text), "%s", cases[i].text);
		picked = cgroup_path_pick(text);
		if (cases[i].path)
			assert_string_equal(picked, cases[i].path);
		else
			assert_null(picked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_pick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
