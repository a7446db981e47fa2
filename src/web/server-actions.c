/* What changes something: a page is judged, a claim is staked. guard.c has let it in. */
#include "web/server-parts.h"

#include "ledger/claims-file.h"

#include <errno.h>
#include <string.h>

enum { FIELD_SIZE = HTTP_TEXT_VALUE_MOST };

static bool is_form(const struct server_turn *t)
{
	return t->request->n_body <= SERVER_BODY_MOST && t->request->body &&
	       http_text_is_type(t->request->content_type, "application/x-www-form-urlencoded");
}

static int read_field(const struct server_turn *t, const char *key, char *out)
{
	return http_text_value(t->request->body, t->request->n_body, key, out);
}

/* Done: back to a page, or just a status for a script. */
static struct response *done(struct server_turn *t, const char *path)
{
	struct response *r;
	struct str location = {0};

	if (server_is_program(t)) {
		r = response_new(204, NULL);
		return r ? response_finish(r, RESPONSE_KEEP_NOTHING) : NULL;
	}
	if (t->match.language == PAGE_GERMAN)
		str_append(&location, "/de");
	str_append(&location, path);
	r = location.has_failed ? NULL : server_redirect(303, str_text(&location));
	str_fini(&location);
	return r;
}

struct response *server_face(struct server_turn *t)
{
	static const char *const words[] = {[ATLAS_FACE_YES] = "yes", [ATLAS_FACE_SO_SO] = "soso",
					    [ATLAS_FACE_NO] = "no"};
	char word[FIELD_SIZE];
	int r;

	if (!is_form(t) || read_field(t, "face", word) <= 0)
		return server_error(t, 400);
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		r = link_judge(t->server->options.link, t->match.port, (enum atlas_face)i);
		if (r < 0)
			return server_error(t, r == -EAGAIN ? 429 : 503);
		server_changed(t->server, LINK_FACES); /* the next page shows it */
		return done(t, arena_printf(t->arena, "/ports/%u", t->match.port));
	}
	return server_error(t, 400);
}

/* The fields of a claim as they were filled in; empty ones are not said. */
struct form {
	char name[FIELD_SIZE], ports[FIELD_SIZE], address[FIELD_SIZE], owner[FIELD_SIZE];
	char program[FIELD_SIZE], scope[FIELD_SIZE], until[FIELD_SIZE], reason[FIELD_SIZE];
};

static bool read_form(const struct server_turn *t, struct form *form)
{
	const struct {
		const char *key;
		char *value;
	} fields[] = {{"name", form->name},       {"ports", form->ports},
		      {"address", form->address}, {"owner", form->owner},
		      {"program", form->program}, {"scope", form->scope},
		      {"until", form->until},     {"reason", form->reason}};

	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		if (read_field(t, fields[i].key, fields[i].value) < 0)
			return false;
	}
	return true;
}

static const char *said(const char *value)
{
	return *value ? value : NULL;
}

/* What is wrong with what was filled in; NULL: nothing, `*claim` is what is wanted. */
static const char *judge_form(const struct form *f, struct arena *arena, struct claim *claim)
{
	const char *const texts[] = {f->owner, f->program, f->scope, f->reason};
	char error[CLAIM_ERROR_SIZE];

	*claim = (struct claim){.name = f->name, .owner = said(f->owner),
				.program = said(f->program), .scope = said(f->scope),
				.until = said(f->until), .has_address = *f->address != '\0'};
	if (claim_name_check(f->name) == CLAIM_NAME_BAD)
		return "a claim needs a name: letters, digits and single hyphens inside";
	if (claim_ports_parse(f->ports, &claim->first, &claim->last, &claim->protocols, error) < 0)
		return arena_strdup(arena, error);
	if (claim->first == 0)
		return "port 0 cannot be claimed: to bind it means any port";
	if (claim->protocols == 0)
		claim->protocols = TRANSPORT_BIT(TRANSPORT_TCP);
	if (claim->has_address && address_parse(f->address, &claim->address) < 0)
		return "the address is not a numeric one";
	if (claim->until && !claim_date_is_good(claim->until))
		return "the last day is written YYYY-MM-DD";
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		if (*texts[i] && !claim_text_is_good(texts[i]))
			return "owner, program, scope and reason take a line of 200 bytes";
	}
	return NULL;
}

static void on_staked(void *context, enum ledger_outcome outcome, const char *message)
{
	struct server_visit *visit = context;

	visit->outcome = outcome;
	visit->message = message ? strdup(message) : NULL;
	visit->stage = SERVER_STAGE_CAME;
	visit->wake(visit);
}

static struct response *tell_outcome(struct server_turn *t)
{
	const char *message = t->visit->message;

	switch (t->visit->outcome) {
	case LEDGER_DONE:
		return done(t, "/claims");
	case LEDGER_COLLIDES:
		return server_error_because(t, 409, message);
	case LEDGER_NOT_FOUND:
	case LEDGER_REFUSED:
		return server_error_because(t, 400, message);
	case LEDGER_FAILED:
		break;
	}
	return server_error_because(t, 503, message);
}

static struct response *stake(struct server_turn *t, const struct claim *claim,
			      const char *reason)
{
	const char *comment = *reason ? arena_printf(t->arena, "# %s", reason) : "";
	struct str line = {0};
	int r = comment ? 0 : -ENOMEM;

	if (r == 0) {
		claims_file_write(&line, claim,
				  (struct claims_piece){comment, strlen(comment)});
		r = line.has_failed ? -ENOMEM : 0;
	}
	if (r == 0) {
		t->visit->stage = SERVER_STAGE_WAITING;
		r = link_stake(t->server->options.link, str_text(&line), on_staked, t->visit);
	}
	str_fini(&line);
	if (r == 0) {
		t->waits = true;
		return NULL;
	}
	t->visit->stage = SERVER_STAGE_NEW;
	return server_error(t, r == -EAGAIN ? 429 : r == -EINVAL ? 400 : 503);
}

static struct response *server_stake(struct server_turn *t)
{
	struct form *form = arena_alloc(t->arena, sizeof(*form));
	const char *wrong;
	struct claim claim;

	if (t->visit->stage == SERVER_STAGE_CAME)
		return tell_outcome(t);
	if (!form)
		return NULL;
	if (!is_form(t) || !read_form(t, form))
		return server_error(t, 400);
	wrong = judge_form(form, t->arena, &claim);
	return wrong ? server_error_because(t, 400, wrong) : stake(t, &claim, form->reason);
}

struct response *server_claims(struct server_turn *t)
{
	return t->request->method == SERVER_METHOD_POST ? server_stake(t) : server_claims_page(t);
}
