/* berth atlas: a page for every port as static files, and all ports as one picture. */
#include "act/helper.h"
#include "base/lang.h"
#include "base/replace.h"
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "render/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char helper[] = "berth-atlas";
enum { REPLY_MOST = 16 * 1024, BASE_URL_MOST = 1000 };

/* The languages of the command line as the helper takes them: en and de, each once at most. */
static int check_languages(const struct cli *c)
{
	const char *text = c->options->languages;

	if (!text || strcmp(text, "en") == 0 || strcmp(text, "de") == 0 ||
	    strcmp(text, "en,de") == 0 || strcmp(text, "de,en") == 0)
		return 0;
	return cli_fail(EXIT_USAGE, "--lang takes en, de or en,de, not \"%.60s\"", text);
}

/* A base URL with one slash at its end; NULL when out of memory. */
static int take_url(struct cli *c, const char **out)
{
	const char *url = c->options->url;
	size_t n = url ? strlen(url) : 0;

	*out = "";
	if (!url)
		return 0;
	if ((!str_starts_with(url, "https://") && !str_starts_with(url, "http://")) ||
	    n > BASE_URL_MOST || strpbrk(url, " \t\r\n<>\"'?#\\") || !str_is_utf8(url))
		return cli_fail(EXIT_USAGE, "--url takes the address of the atlas, such as "
					    "https://ports.example.org/");
	*out = arena_printf(&c->arena, "%s%s", url, url[n - 1] == '/' ? "" : "/");
	return *out ? 0 : cli_fail(EXIT_SYSTEM, "out of memory");
}

static int take_range(const struct cli *c, const char **out)
{
	const char *text = c->options->range, *dash = text ? strchr(text, '-') : NULL;
	uint64_t first, last;

	*out = text ? text : "0-65535";
	if (!text)
		return 0;
	if (!dash || str_parse_u64(text, (size_t)(dash - text), UINT16_MAX, &first) < 0 ||
	    str_parse_u64(dash + 1, strlen(dash + 1), UINT16_MAX, &last) < 0 || first > last)
		return cli_fail(EXIT_USAGE, "--range takes ports such as 8000-8999");
	return 0;
}

/* The next number of what the helper said. */
static bool take_number(const char **rest, answer_number *out)
{
	size_t n = strcspn(*rest, " \n");
	uint64_t value;

	if (str_parse_u64(*rest, n, INT64_MAX, &value) < 0)
		return false;
	*out = (answer_number)value;
	*rest += n + ((*rest)[n] == ' ');
	return true;
}

/* "done PAGES FILES BYTES", "refused SENTENCE", "failed SENTENCE". */
static int take_reply(const char *reply, struct answer_atlas *out)
{
	const char *rest = reply + strlen("done ");
	size_t n = strcspn(reply, "\n");

	if (str_starts_with(reply, "done ") && take_number(&rest, &out->pages) &&
	    take_number(&rest, &out->files) && take_number(&rest, &out->bytes))
		return 0;
	if (str_starts_with(reply, "refused "))
		return cli_fail(EXIT_USAGE, "%.*s", (int)(n - 8), reply + 8);
	if (str_starts_with(reply, "failed "))
		return cli_fail(EXIT_SYSTEM, "%.*s", (int)(n - 7), reply + 7);
	return cli_fail(EXIT_SYSTEM, "the helper %s ended without a word", helper);
}

static int write_pages(struct cli *c, const char *directory, struct answer_atlas *out)
{
	const char *registry = cli_registry_path(c), *url, *range;
	const char *languages = c->options->languages;
	struct helper_end end = {0};
	struct str reply = {0};
	int r = take_url(c, &url);

	if (r == 0)
		r = take_range(c, &range);
	if (r == 0) {
		const char *arguments[] = {
			"export", arena_printf(&c->arena, "dir=%s", directory),
			arena_printf(&c->arena, "lang=%s", languages ? languages : "en,de"),
			arena_printf(&c->arena, "registry=%s", registry ? registry : ""),
			arena_printf(&c->arena, "url=%s", url),
			arena_printf(&c->arena, "ports=%s", range),
			lang_is_translated() ? "say=" : "say=en", NULL};

		if (arena_failed(&c->arena))
			return cli_fail(EXIT_SYSTEM, "out of memory");
		r = helper_run(helper, arguments, -1, REPLY_MOST, &reply, &end);
		if (r == -ENOENT)
			r = cli_fail(EXIT_SYSTEM, "this berth was built without its helper %s",
				     helper);
		else if (r < 0)
			r = cli_fail(EXIT_SYSTEM, "cannot run %s: %s", helper, strerror(-r));
		else if (end.signal)
			r = cli_fail(EXIT_SYSTEM, "%s was ended by signal %d", helper, end.signal);
		else
			r = take_reply(str_text(&reply), out);
	}
	str_fini(&reply);
	return r;
}

/* Words of the picture, in the reader's language. */
static struct map_words picture_words(const struct answer_registry *registry,
				      const struct map *map, struct arena *arena)
{
	char at[WRITER_TIME_SIZE];

	return (struct map_words){
		.language = _("en"),
		.title = _("The map of all 65,536 ports"),
		.description = _("One cell a port, 256 a row: which are assigned, in known use, "
				 "claimed, reserved, refused by browsers; where something "
				 "listens."),
		.ranges = {_("system"), _("user ports"), _("dynamic ports")},
		.layers = {[MAP_ASSIGNED] = _("assigned by IANA"),
			   [MAP_KNOWN] = _("in known use"),
			   [MAP_CLAIMED] = _("claimed by you"),
			   [MAP_RESERVED] = _("reserved, no name"),
			   [MAP_EPHEMERAL] = _("ephemeral, for clients"),
			   [MAP_KEPT] = _("kept from clients"),
			   [MAP_BLOCKED] = _("browsers refuse it"),
			   [MAP_LISTENING] = _("somebody listens"),
			   [MAP_EXPOSED] = _("reachable from elsewhere"),
			   [MAP_CONFLICT] = _("conflict with a claim")},
		.vacant = _("nobody's"),
		.footer = map->could_look
				  ? arena_printf(arena,
						 _("Names as of %s (IANA). This machine at %s. "
						   "Made by berth."),
						 registry->names_as_of,
						 writer_format_time(map->at, at))
				  : arena_printf(arena, _("Names as of %s (IANA). Made by berth."),
						 registry->names_as_of),
		.thousands = strcmp(_("en"), "de") == 0 ? '.' : ',',
	};
}

/* What the picture is made from: this machine and one's own claims, or the world alone. */
static int gather(struct cli *c, struct live_snapshot *live, struct answer_sources *from)
{
	struct live_request request = cli_request(c);
	int r = 0;

	*live = (struct live_snapshot){.system = LIVE_OTHER};
	*from = (struct answer_sources){.registry = &c->registry, .live = live};
	if (!c->options->has_no_live) {
		r = cli_look(c, &request, &c->arena, live);
		if (r == 0)
			r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, from);
	}
	if (r == 0 && !answer_index(from, &c->arena))
		r = cli_fail(EXIT_SYSTEM, "out of memory");
	return r;
}

static int save(struct cli *c, const char *path, const struct str *text)
{
	struct replace file;
	int r;

	if (strcmp(path, "-") == 0) {
		str_append_bytes(&c->out, str_text(text), text->length);
		return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
	}
	r = replace_begin(&file, path, NULL, NULL);
	if (r == 0) {
		r = replace_commit(&file, str_text(text), text->length, 0);
		replace_leave(&file);
	}
	return r < 0 ? cli_fail(EXIT_SYSTEM, "%s: %s", path, strerror(-r)) : 0;
}

static int write_map(struct cli *c, size_t *n_gaps)
{
	struct map *map = arena_alloc(&c->arena, sizeof(*map));
	struct answer_registry registry = answer_registry(&c->registry);
	struct live_snapshot live;
	struct answer_sources from;
	struct map_words words;
	struct map_svg svg = {.map = map, .words = &words, .is_alone = true};
	struct str text = {0};
	int r = gather(c, &live, &from);

	if (r != 0)
		return r;
	if (!map || map_fill(&from, &c->arena, map) < 0)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	words = picture_words(&registry, map, &c->arena);
	if (arena_failed(&c->arena) || map_write_svg(&svg, &text) < 0)
		r = cli_fail(EXIT_SYSTEM, "out of memory");
	if (r == 0)
		r = save(c, c->options->map, &text);
	str_fini(&text);
	*n_gaps = live.n_gaps + from.n_claim_gaps;
	return r;
}

static void say_text(struct cli *c, const struct answer_atlas *done)
{
	struct str name = {0};

	if (done->directory) {
		str_append_escaped(&name, done->directory, false);
		str_printf(&c->out, _("%lld port pages in %lld files, %lld MB, in %s\n"),
			   (long long)done->pages, (long long)done->files,
			   (long long)(done->bytes + 500000) / 1000000, str_text(&name));
		if (!c->options->url)
			str_append(&c->out, _("no sitemap: --url says where the pages will be\n"));
	}
	if (done->map) {
		str_clear(&name);
		str_append_escaped(&name, done->map, false);
		str_printf(&c->out, _("the map of all ports is %s\n"), str_text(&name));
	}
	c->out.has_failed = c->out.has_failed || name.has_failed;
	str_fini(&name);
}

static int show(struct cli *c, const struct answer_atlas *done)
{
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;

	if (c->options->is_quiet)
		return 0;
	if (c->options->format == FORMAT_TEXT) {
		say_text(c, done);
	} else {
		writer_json_init(&json, &c->out, !is_lines);
		render_record(&record_atlas, done, is_lines ? "atlas" : NULL, &json.base);
		str_append_char(&c->out, '\n');
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

int verb_atlas(struct cli *c)
{
	const char *directory = c->options->n_words ? c->options->words[0] : NULL;
	const char *map = c->options->map;
	bool is_to_output = map && strcmp(map, "-") == 0;
	struct answer_atlas done = {.directory = directory, .map = map, .pages = ANSWER_NULL,
				    .files = ANSWER_NULL, .bytes = ANSWER_NULL};
	size_t n_gaps = 0;
	int r;

	if (c->options->n_words > 1 || (!directory && !map) || (directory && !*directory))
		return cli_fail(EXIT_USAGE, "berth atlas takes one directory to write, or --map "
					    "FILE, or both");
	if (is_to_output && (directory || c->options->format != FORMAT_TEXT))
		return cli_fail(EXIT_USAGE, "--map - has standard output for itself");
	r = check_languages(c);
	if (r == 0)
		r = cli_open_registry(c);
	if (r == 0 && directory)
		r = write_pages(c, directory, &done);
	if (r == 0 && map)
		r = write_map(c, &n_gaps);
	if (r == 0 && !is_to_output) {
		done.registry = answer_registry(&c->registry);
		r = show(c, &done);
	}
	return r != 0 ? r : cli_strict(c, n_gaps, EXIT_ANSWERED);
}
