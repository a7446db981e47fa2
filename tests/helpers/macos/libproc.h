/*
 * What berth asks of libproc(3) of macOS, declared for tests on other systems: the program beside
 * these headers answers. Names, numbers and layouts are those of Apple's libproc.h and
 * sys/proc_info.h.
 */
#pragma once

#include <stdint.h>

enum {
	PROC_ALL_PIDS = 1,
	PROC_PIDLISTFDS = 1,
	PROC_PIDTBSDINFO = 3,
	PROC_PIDVNODEPATHINFO = 9,
	PROC_PIDPATHINFO_MAXSIZE = 4096,
	PROC_PIDT_SHORTBSDINFO = 13,
	PROC_PIDLISTFILEPORTS = 14,
	PROC_PIDFDSOCKETINFO = 3,
	PROC_PIDFILEPORTSOCKETINFO = 3,
	PROX_FDTYPE_VNODE = 1,
	PROX_FDTYPE_SOCKET = 2,
};

struct proc_fdinfo {
	int32_t proc_fd;
	uint32_t proc_fdtype;
};

struct proc_fileportinfo {
	uint32_t proc_fileport;
	uint32_t proc_fdtype;
};

struct vnode_info_path {
	char vip_vi[152];
	char vip_path[1024];
};

struct proc_vnodepathinfo {
	struct vnode_info_path pvi_cdir;
	struct vnode_info_path pvi_rdir;
};

int proc_listpids(uint32_t type, uint32_t type_info, void *buffer, int size);
int proc_pidinfo(int pid, int flavor, uint64_t argument, void *buffer, int size);
int proc_pidfdinfo(int pid, int fd, int flavor, void *buffer, int size);
int proc_pidfileportinfo(int pid, uint32_t port, int flavor, void *buffer, int size);
int proc_pidpath(int pid, void *buffer, uint32_t size);
