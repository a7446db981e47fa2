#include "act/spare.h"

#include "base/str.h"

#include <string.h>

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; word && i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static bool has_end(const char *text, size_t n, const char *end)
{
	size_t n_end = strlen(end);

	return n >= n_end && memcmp(text + n - n_end, end, n_end) == 0;
}

/* "docker" of "docker.service", "getty" of "getty@tty1.service"; no longer name. */
static bool is_family(const char *unit, const char *family)
{
	size_t n = strlen(family);

	return strncmp(unit, family, n) == 0 && (unit[n] == '.' || unit[n] == '@');
}

bool spare_unit(const char *unit)
{
	static const char *const families[] = {
		"docker",  "dockerd",     "cri-docker",   "containerd",    "podman",
		"conmon",  "crio",        "kubelet",      "k3s",           "k3s-agent",
		"ssh",     "sshd",        "dbus",         "dbus-broker",   "cron",
		"crond",   "getty",       "serial-getty", "console-getty", "container-getty",
		"autovt",  "user",
	};
	size_t n = strlen(unit);

	if (!has_end(unit, n, ".service") && !has_end(unit, n, ".socket"))
		return true;
	for (size_t i = 0; i < N_ELEMENTS(families); i++) {
		if (is_family(unit, families[i]))
			return true;
	}
	return strncmp(unit, "systemd-", 8) == 0 || strncmp(unit, "libpod-", 7) == 0 ||
	       strncmp(unit, "user-runtime-dir@", 17) == 0;
}

bool spare_program(const char *program)
{
	static const char *const programs[] = {
		"systemd",    "init",    "dockerd", "containerd", "containerd-shim",
		"containerd-shim-runc-v1", "containerd-shim-runc-v2", "podman", "crio",
		"kubelet",    "k3s",     "rootlesskit", "dbus-daemon", "dbus-broker",
		"cron",       "crond",   "agetty",  "getty",
	};

	return is_one_of(program, programs, N_ELEMENTS(programs)) ||
	       (program && strncmp(program, "systemd-", 8) == 0);
}

static bool is_one_of_any_case(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; word && i < n; i++) {
		if (str_casecmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

bool spare_windows_program(const char *program)
{
	static const char *const programs[] = {
		"System",       "Registry",    "smss.exe",      "csrss.exe",   "wininit.exe",
		"winlogon.exe", "services.exe", "lsass.exe",    "lsaiso.exe",  "fontdrvhost.exe",
		"dwm.exe",      "LogonUI.exe", "userinit.exe",  "spoolsv.exe", "MsMpEng.exe",
		"vmms.exe",     "vmcompute.exe", "wslservice.exe", "dockerd.exe", "containerd.exe",
		"com.docker.service", "com.docker.backend.exe",
	};

	return is_one_of_any_case(program, programs, N_ELEMENTS(programs));
}

bool spare_windows_service(const char *service)
{
	static const char *const services[] = {
		"RpcSs",    "RpcEptMapper", "DcomLaunch", "LSM",      "SamSs",
		"BrokerInfrastructure",
		"PlugPlay", "Power",        "EventLog",   "Schedule", "TermService", "WinRM",
		"sshd",     "Netlogon",     "NTDS",       "Kdc",      "KeyIso",    "BFE",
		"mpssvc",   "WinDefend",    "Dhcp",       "Dnscache", "NlaSvc",    "nsi",
		"LanmanServer", "LanmanWorkstation", "PolicyAgent", "IKEEXT", "ProfSvc", "gpsvc",
		"vmms",     "vmcompute",    "HvHost",     "docker",   "com.docker.service",
	};

	return is_one_of_any_case(service, services, N_ELEMENTS(services));
}

bool spare_macos(const char *path, const char *program)
{
	static const char *const programs[] = {
		"com.docker.backend", "com.docker.vpnkit", "vpnkit", "gvproxy", "limactl",
		"OrbStack Helper",
	};
	static const char *const folders[] = {
		"/System/Library/CoreServices/", "/System/Library/PrivateFrameworks/",
		"/System/Library/Services/",     "/usr/libexec/", "/usr/sbin/", "/sbin/",
	};

	for (size_t i = 0; path && i < N_ELEMENTS(folders); i++) {
		if (str_starts_with(path, folders[i]))
			return true;
	}
	return is_one_of(program, programs, N_ELEMENTS(programs));
}

bool spare_proxy(const char *program)
{
	static const char *const programs[] = {
		"docker-proxy", "rootlesskit-docker-proxy", "conmon", "rootlessport",
		"slirp4netns",  "pasta",                    "pasta.avx2",
	};

	return is_one_of(program, programs, N_ELEMENTS(programs));
}

bool spare_login(const char *program)
{
	static const char *const programs[] = {"sshd", "sshd-session", "dropbear", "sshd.exe",
					       "sshd-session.exe"};

	return is_one_of(program, programs, N_ELEMENTS(programs));
}
