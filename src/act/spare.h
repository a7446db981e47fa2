/*
 * Spare: what is never ended or stopped for the sake of a port, by its name. Pure.
 *
 * The machine, its logins and its containers stand on these. Which process carries which name is
 * the business of act/evict.
 */
#pragma once

#include "live/live.h"

/*
 * Whether a unit is never stopped: a scope, a slice, a user's manager, or a service of docker,
 * containerd, podman, conmon, kubelet, ssh, dbus, cron, getty, or systemd itself.
 */
bool spare_unit(const char *unit);

/* Whether the process is a daemon of a container runtime, or the manager of a system or a user. */
bool spare_program(const char *program);

/* Whether Windows itself, or a login, stands on the program or the service; in any case of its
 * letters. */
bool spare_windows_program(const char *program);
bool spare_windows_service(const char *service);

/* Whether macOS itself stands on the program, by its path (where only Apple puts programs, and none
 * that people run), or all containers of a virtual machine do, by its name. */
bool spare_macos(const char *path, const char *program);

/* Whether the program only passes on what arrives for a container: ending it is never right. */
bool spare_proxy(const char *program);

/* Whether the program lets users in: sshd, dropbear. */
bool spare_login(const char *program);
