/*
 * What berth asks of kqueue(2) of macOS, declared for tests on other systems: the program beside
 * these headers answers. Names, numbers and layouts are those of Apple's sys/event.h.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#define EVFILT_PROC (-5)
#define EV_ADD 1
#define NOTE_EXIT 0x80000000U

struct kevent {
	uintptr_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	intptr_t data;
	void *udata;
};

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_)                             \
	(*(event) = (struct kevent){.ident = (ident_),                                             \
				    .filter = (filter_),                                           \
				    .flags = (flags_),                                             \
				    .fflags = (fflags_),                                           \
				    .data = (data_),                                               \
				    .udata = (udata_)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int n_changes, struct kevent *events,
	   int n_events, const struct timespec *timeout);
