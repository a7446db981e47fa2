#include "cli/cli.h"

#include "base/environment.h"
#include "base/lang.h"
#include "cli/own-claims.h"
#include "cli/terminal.h"
#include "registry/choose.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_AT = 64 * 1024 };

/* Columns to lay text out for; 0 = standard output is no terminal. */
static size_t columns_of(const struct terminal *t)
{
	const char *columns = environment_get("COLUMNS");
	uint64_t value;

	if (!t->is_terminal)
		return 0;
	if (columns && str_parse_u64(columns, strlen(columns), 10000, &value) == 0 && value > 0)
		return (size_t)value;
	return t->columns > 0 ? t->columns : 80;
}

static bool wants_colour(const struct terminal *t, enum when when)
{
	const char *no_colour = environment_get("NO_COLOR");

	if (when != WHEN_AUTO)
		return when == WHEN_ALWAYS;
	return t->can_colour && !(no_colour && *no_colour);
}

void cli_init(struct cli *c, const struct options *o)
{
	const struct terminal terminal = terminal_look();

	*c = (struct cli){.options = o};
	arena_init(&c->arena);
	str_init(&c->out);
	c->style = (struct text_style){
		.columns = o->has_width ? o->width : columns_of(&terminal),
		.has_colour = wants_colour(&terminal, o->colour),
		.is_utf8 = terminal.is_utf8,
		.is_verbose = o->is_verbose,
	};
}

void cli_fini(struct cli *c)
{
	source_close(c->source);
	own_claims_fini(c);
	if (c->has_registry)
		registry_close(&c->registry);
	str_fini(&c->out);
	arena_fini(&c->arena);
}

/* The beginning and the end of a line that is too long to read: a 131,071-byte argument. */
static void append_shortened(struct str *out, const char *line)
{
	enum { HEAD = 300, TAIL = 200 };
	size_t n = strlen(line), head = HEAD, tail = n - TAIL;

	if (n <= HEAD + TAIL) {
		str_append(out, line);
		return;
	}
	while (head > 0 && ((unsigned char)line[head] & 0xc0) == 0x80)
		head--;
	while (tail < n && ((unsigned char)line[tail] & 0xc0) == 0x80)
		tail++;
	str_append_bytes(out, line, head);
	str_append(out, " ... ");
	str_append(out, line + tail);
}

static void BERTH_PRINTF(1, 0) complain(const char *fmt, va_list args)
{
	char *line = NULL;
	struct str escaped = {0}, safe = {0};

	if (vasprintf(&line, _(fmt), args) < 0)
		line = NULL;
	str_append(&safe, "berth: ");
	str_append_escaped(&escaped, line ? line : _("out of memory"), false);
	append_shortened(&safe, str_text(&escaped));
	str_append_char(&safe, '\n');
	str_fini(&escaped);
	if (terminal_write(2, str_text(&safe), safe.length) < 0)
		errno = 0; /* nobody is left to be told */
	str_fini(&safe);
	free(line);
}

int cli_fail(enum cli_exit code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return (int)code;
}

void cli_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
}

int cli_flush(struct cli *c)
{
	int r = c->out.has_failed ? -ENOMEM : terminal_write(1, str_text(&c->out), c->out.length);

	str_clear(&c->out);
	if (r < 0 && !c->has_written_error) {
		c->has_written_error = true;
		cli_warn("cannot write the answer: %s", lang_error(r));
	}
	return r;
}

const char *cli_registry_path(const struct cli *c)
{
	const char *path = c->options->registry;

	if (!path)
		path = environment_get("BERTH_REGISTRY");
	return path && *path ? path : NULL;
}

static void warn_of_registry(void *context, const char *path, const char *reason)
{
	(void)context;
	cli_warn("%s is passed over: %s (berth update makes a new one)", path, _(reason));
}

int cli_open_registry(struct cli *c)
{
	const char *path = cli_registry_path(c), *reason = NULL;
	int r;

	if (path && strcmp(path, "built-in") != 0) {
		r = registry_open_file(&c->registry, path, &reason);
		if (r < 0)
			return cli_fail(EXIT_USAGE, "%s: not a registry image that can be used: %s",
					path, _(reason));
	} else {
		r = path ? registry_open_builtin(&c->registry, &reason)
			 : choose_newest(&c->registry, warn_of_registry, NULL, &reason);
		if (r < 0)
			return cli_fail(EXIT_SYSTEM, "the built-in registry is damaged: %s",
					_(reason));
	}
	c->has_registry = true;
	return 0;
}

struct live_request cli_request(const struct cli *c)
{
	const struct options *o = c->options;
	struct live_request r = live_request_default();

	if (o->want_tcp != o->want_udp)
		r.transports =
			o->want_tcp
				? TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_MPTCP)
				: TRANSPORT_BIT(TRANSPORT_UDP) | TRANSPORT_BIT(TRANSPORT_UDPLITE);
	if (o->want_v4 != o->want_v6) {
		r.want_v4 = o->want_v4;
		r.want_v6 = o->want_v6;
	}
	r.scope = o->scope;
	r.netns = o->netns;
	r.want_all_owners = o->want_all_owners;
	r.want_peer_owners = o->want_peers;
	r.want_all_namespaces_holders = o->want_all || o->scope == LIVE_SCOPE_NAMED;
	return r;
}

int cli_open_source(struct cli *c)
{
	char error[256] = "";
	int r;

	if (c->source)
		return 0;
	if (!c->options->replay) {
		r = source_open_system(&c->source);
		return r < 0 ? cli_fail(EXIT_SYSTEM, "cannot look at this system: %s",
					lang_error(r))
			     : 0;
	}
	r = source_open_replay(c->options->replay, &c->source, error);
	if (r == -EBADMSG)
		return cli_fail(EXIT_USAGE, "%s", error);
	if (r < 0)
		return cli_fail(EXIT_USAGE, "%s: %s", c->options->replay, lang_error(r));
	return 0;
}

int cli_look(struct cli *c, const struct live_request *request, struct arena *arena,
	     struct live_snapshot *out)
{
	int r = cli_open_source(c);

	if (r != 0)
		return r;
	r = source_look(c->source, request, arena, out);
	if (r == -ENOENT && request->scope == LIVE_SCOPE_NAMED)
		return cli_fail(EXIT_USAGE, "there is no network namespace \"%s\"", request->netns);
	return r < 0 ? cli_fail(EXIT_SYSTEM, "cannot look: %s", lang_error(r)) : 0;
}

int cli_take_no_words(const struct cli *c)
{
	if (c->options->n_words == 0)
		return 0;
	return cli_fail(EXIT_USAGE, "berth %s takes no \"%.60s\"",
			verb_rows[c->options->verb].name, c->options->words[0]);
}

void cli_list_begin(struct cli_list *l, struct cli *c)
{
	*l = (struct cli_list){.c = c, .is_empty = true};
	if (c->options->format == FORMAT_JSON)
		str_append(&c->out, "[");
}

int cli_list_add(struct cli_list *l, const struct field_record *record, const void *data,
		 const char *type)
{
	struct cli *c = l->c;
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;

	writer_json_init(&json, &c->out, !is_lines);
	if (!is_lines)
		str_append(&c->out, l->is_empty ? "\n" : ",\n");
	render_record(record, data, is_lines ? type : NULL, &json.base);
	if (is_lines)
		str_append_char(&c->out, '\n');
	l->is_empty = false;
	if (c->out.length >= FLUSH_AT && cli_flush(c) < 0)
		return EXIT_SYSTEM;
	return 0;
}

int cli_list_end(struct cli_list *l)
{
	if (l->c->options->format == FORMAT_JSON)
		str_append(&l->c->out, l->is_empty ? "]\n" : "\n]\n");
	return cli_flush(l->c) < 0 ? EXIT_SYSTEM : 0;
}

int cli_strict(const struct cli *c, size_t n_gaps, int code)
{
	return c->options->is_strict && n_gaps > 0 && code == EXIT_ANSWERED ? EXIT_GAPS : code;
}
