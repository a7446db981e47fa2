/* The end of a port's page: other systems' commands, why it matters, sources, faces. */
#include "web/page-port.h"

#include "registry/browser-ports.h"
#include "registry/registry.h"

#include <stdio.h>
#include <string.h>

/* A command to type elsewhere; a script shows the button and copies what has that id. */
static void put_command(struct sheet *s, const char *id, const char *before, uint16_t port,
			const char *after)
{
	struct html *h = &s->h;

	html_open_class(h, "p", "command");
	html_open(h, "code");
	html_attribute_words(h, "id", id);
	html_words(h, before);
	html_number(h, port);
	html_words(h, after);
	html_close(h, "code");
	html_char(h, ' ');
	html_open_with(h, "button", "type=\"button\" class=\"copy\" hidden");
	html_attribute_words(h, "data-copy", id);
	html_attribute_words(h, "data-done", sheet_word(s, WORD_COPIED));
	sheet_say(s, WORD_COPY);
	html_close(h, "button");
	html_close(h, "p");
}

static void begin_system(struct sheet *s, const char *name, bool is_open)
{
	struct html *h = &s->h;

	if (is_open)
		html_open_with(h, "details", "name=\"system\" open");
	else
		html_open_with(h, "details", "name=\"system\"");
	html_open(h, "summary");
	html_words(h, name);
	html_close(h, "summary");
}

void port_elsewhere(struct sheet *s, uint16_t port)
{
	struct html *h = &s->h;

	SHEET_SECTION(s, "elsewhere", WORD_ELSEWHERE_TITLE);
	SHEET_IN(s, "p", WORD_ELSEWHERE_INTRO);
	begin_system(s, "Linux", true);
	put_command(s, "ss", "ss -ltnp 'sport = :", port, "'");
	SHEET_IN(s, "p", WORD_WRONG_SS);
	html_close(h, "details");
	begin_system(s, "macOS", false);
	put_command(s, "lsof", "lsof -nP -iTCP:", port, " -sTCP:LISTEN");
	SHEET_IN(s, "p", WORD_WRONG_LSOF);
	html_close(h, "details");
	begin_system(s, "Windows", false);
	put_command(s, "netstat", "netstat -ano | findstr :", port, "");
	html_open(h, "p");
	SAY(s, WORD_WRONG_FINDSTR, NUMBER("port", port));
	html_close(h, "p");
	put_command(s, "powershell", "Get-NetTCPConnection -State Listen -LocalPort ", port,
		    " | Select-Object LocalAddress, OwningProcess");
	SHEET_IN(s, "p", WORD_WRONG_POWERSHELL);
	html_close(h, "details");
	html_close(h, "section");
}

/* Whether software has settled here that is not the registered service. */
static bool is_shared(const struct answer *a)
{
	for (size_t i = 0; i < a->n_known_uses; i++) {
		if (!a->known_uses[i].service)
			return true;
	}
	return false;
}

static bool has_assignment(const struct answer *a)
{
	for (size_t i = 0; i < a->n_assignments; i++) {
		if (a->assignments[i].name && strcmp(a->assignments[i].status, "assigned") == 0)
			return true;
	}
	return false;
}

void port_matters(struct sheet *s, const struct answer *a)
{
	enum word first = WORD_MATTERS_UNNAMED;

	if (strcmp(a->range, "dynamic") == 0)
		first = WORD_MATTERS_DYNAMIC;
	else if (has_assignment(a))
		first = is_shared(a) ? WORD_MATTERS_SHARED : WORD_MATTERS_NAMED;
	SHEET_SECTION(s, "matters", WORD_MATTERS_TITLE);
	SHEET_IN(s, "p", WORD_MATTERS);
	SHEET_IN(s, "p", first);
	html_close(&s->h, "section");
}

void port_sources(struct sheet *s, const struct answer *a)
{
	const struct registry_source source = registry_source(s->p->from->registry);
	struct html *h = &s->h;
	char url[160];

	snprintf(url, sizeof(url), "https://www.iana.org/assignments/service-names-port-numbers/"
				   "service-names-port-numbers.xhtml?search=%u", a->port);
	SHEET_SECTION(s, "sources", WORD_SOURCES_TITLE);
	html_open_class(h, "ul", "plain");
	html_open(h, "li");
	SAY(s, WORD_SOURCE_IANA, LINK("iana", sheet_word(s, WORD_IANA), url));
	html_char(h, ' ');
	sheet_registry(s, &a->registry);
	html_close(h, "li");
	if (source.url && html_is_url(source.url)) {
		html_open(h, "li");
		SAY(s, WORD_SOURCE_FETCHED, LINK("url", source.url, source.url));
		html_close(h, "li");
	}
	SHEET_IN(s, "li", WORD_SOURCE_KNOWN);
	html_open(h, "li");
	SAY(s, WORD_SOURCE_BROWSERS,
	    LINK("standard", "WHATWG Fetch", "https://fetch.spec.whatwg.org/#port-blocking"),
	    DATE("date", registry_browser_blocked_as_of()));
	html_close(h, "li");
	if (!s->p->is_static)
		SHEET_IN(s, "li", WORD_SOURCE_LIVE);
	html_close(h, "ul");
	html_close(h, "section");
}

static void put_face(struct sheet *s, size_t face)
{
	static const struct {
		const char *value;
		enum word word;
	} faces[] = {
		{"yes", WORD_FACE_YES}, {"soso", WORD_FACE_SO_SO}, {"no", WORD_FACE_NO},
	};
	struct html *h = &s->h;

	html_open_with(h, "button", "type=\"submit\" name=\"face\"");
	html_attribute_words(h, "value", faces[face].value);
	html_markup(h, "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
		       "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M8.5 9v1M15.5 9v1\"/>");
	if (face == 0)
		html_markup(h, "<path d=\"M7.5 14.5q4.5 4 9 0\"/></svg>");
	else if (face == 1)
		html_markup(h, "<path d=\"M8 15.5h8\"/></svg>");
	else
		html_markup(h, "<path d=\"M7.5 17q4.5-4 9 0\"/></svg>");
	SHEET_IN(s, "span", faces[face].word);
	if (s->p->faces) {
		html_open_class(h, "span", "count");
		html_number(h, s->p->faces[face]);
		html_close(h, "span");
	}
	html_close(h, "button");
}

void port_faces(struct sheet *s, uint16_t port)
{
	struct html *h = &s->h;
	char path[48];

	if (s->p->is_static)
		return;
	if (!s->p->may_change) {
		html_open_with(h, "p", "id=\"faces\" class=\"checked\"");
		sheet_say(s, WORD_FACES_TOKEN);
		html_close(h, "p");
		return;
	}
	snprintf(path, sizeof(path), "%sports/%u/face", s->root, port);
	html_open_with(h, "form", "id=\"faces\" class=\"faces\" method=\"post\"");
	html_url(h, "action", path);
	html_open(h, "fieldset");
	SHEET_IN(s, "legend", WORD_FACES_TITLE);
	for (size_t i = 0; i < 3; i++)
		put_face(s, i);
	html_close(h, "fieldset");
	SHEET_IN(s, "p", WORD_FACES_COUNTED);
	html_open_with(h, "p", "id=\"faces-said\" role=\"status\"");
	html_attribute_words(h, "data-thanks", sheet_word(s, WORD_FACES_THANKS));
	html_close(h, "p");
	html_open_with(h, "p", "id=\"faces-denied\" role=\"alert\" hidden");
	sheet_say(s, WORD_FACES_DENIED);
	html_close(h, "p");
	html_close(h, "form");
}
