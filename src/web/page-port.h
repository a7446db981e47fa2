/*
 * Page port: the sections of the page for one port, in the order in which they stand on it. Each
 * writes one <section>, or nothing where there is nothing to say.
 */
#pragma once

#include "answer/answer.h"
#include "web/page-parts.h"

/* What has it: own claims, the rows of the registry with everything that they say. */
void port_claimed(struct sheet *s, const struct answer *a);

/* Software that uses it by default, with the evidence. */
void port_known(struct sheet *s, const struct answer *a);

/* Who lives here now: listeners and owners, what is published, what holds the port, connections,
 * gaps. Of a static page: why that is not told, and what to type. */
void port_live(struct sheet *s, const struct answer *a);

/* The range and its rules. */
void port_rules(struct sheet *s, const struct answer *a);

/* What would happen if you bind it. */
void port_bind(struct sheet *s, const struct answer *a);

/* What changed between versions of the registry. */
void port_history(struct sheet *s, const struct answer *a);

/* The ports beside it, and who has them. */
void port_neighbours(struct sheet *s, uint16_t port);

/* How to check on systems where berth is not at hand, and what those commands get wrong. */
void port_elsewhere(struct sheet *s, uint16_t port);

/* Why this matters. */
void port_matters(struct sheet *s, const struct answer *a);

/* Where all of this comes from, and for which dates it is good. */
void port_sources(struct sheet *s, const struct answer *a);

/* Was this page helpful? For whom it takes no answer of, how to get that far. */
void port_faces(struct sheet *s, uint16_t port);

/* What is said of a process: who it is, what it runs, what started it; inside an <li>. */
void port_owner(struct sheet *s, const struct answer_owner *o);

/* Where a listener can be reached ("every IPv4 address"), and its address ("*:80"). */
void port_exposure(struct sheet *s, const struct answer_listener *l);
void port_address(struct sheet *s, const struct answer_listener *l);

/* How many wait to be accepted; nothing for none. */
void port_backlog(struct sheet *s, const struct answer_listener *l);

/* One's own claim, in a <div>. */
void port_claim(struct sheet *s, const struct answer_claim *c);

/* A published port in one line: from where to where, by what. */
void port_published(struct sheet *s, const struct answer_published *p);

/* "http-alt", the first name that is worth it, or NULL: the registry's, one's own, a program's. */
const char *port_name(const struct answer *a);

/* Whether rows of the registry say the same but for the protocol. */
bool port_is_same_row(const struct answer_assignment *a, const struct answer_assignment *b);
