/*
 * Fake link: web/link.h answered from a recording in memory, without a pipe, a thread or a clock.
 * What comes late, or never, is said by the test.
 */
#pragma once

#include "web/link.h"

/* How it answers. */
enum fake_link_mode {
	FAKE_LINK_READY, /* views are there */
	FAKE_LINK_LATE,  /* they come with fake_link_arrive() */
};

/* The token that it knows: 32 digits. */
extern const char fake_link_token[];

/* `world` is the text of a recording. Ends the program when it cannot be read. */
struct link *fake_link_new(const struct registry *registry, const char *world);
void fake_link_free(struct link *l);

void fake_link_set(struct link *l, enum fake_link_mode mode);

/* Another recording, with the next generation. */
void fake_link_change(struct link *l, const char *world);

/* Call who waits, with a view or without one. Returns how many were called. */
size_t fake_link_arrive(struct link *l, bool has_view);

/* The claim that waits gets its outcome. Returns whether there was one. */
bool fake_link_settle(struct link *l, enum ledger_outcome outcome, const char *message);

/* The last line that was to be claimed; NULL: none. */
const char *fake_link_line(const struct link *l);

/* Whether somebody watches; how many views were handed out and not given back. */
bool fake_link_is_watched(const struct link *l);
int fake_link_n_views(const struct link *l);

/* The collector is gone. */
void fake_link_lose(struct link *l);
