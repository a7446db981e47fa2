#include "web/metrics.h"

#include "base/instant.h"
#include "registry/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_NS = 1000000000 };

void metrics_append_escaped(struct str *out, const char *value)
{
	struct str safe = {0};

	str_append_escaped(&safe, value, false); /* line feeds have become \n already */
	for (const char *c = str_text(&safe); *c; c++) {
		if (*c == '\\' || *c == '"')
			str_append_char(out, '\\');
		str_append_char(out, *c);
	}
	out->has_failed = out->has_failed || safe.has_failed;
	str_fini(&safe);
}

static void append_family(struct str *out, const char *name, const char *type, const char *help)
{
	str_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void append_label(struct str *out, bool is_first, const char *name, const char *value)
{
	str_printf(out, "%c%s=\"", is_first ? '{' : ',', name);
	metrics_append_escaped(out, value ? value : "");
	str_append_char(out, '"');
}

static void append_gauge(struct str *out, const char *name, const char *help, int64_t value)
{
	append_family(out, name, "gauge", help);
	str_printf(out, "%s %" PRId64 "\n", name, value);
}

/* Listeners that share all three words; the words are constants of the contract. */
struct kind {
	const char *verdict, *exposure, *protocol;
	uint64_t n;
};

static int compare_kinds(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;
	int order = strcmp(x->verdict, y->verdict);

	if (order == 0)
		order = strcmp(x->exposure, y->exposure);
	return order ? order : strcmp(x->protocol, y->protocol);
}

static bool counts(const struct answer_listener *l)
{
	return l->is_here && strcmp(l->role, "listener") == 0;
}

static bool append_listeners(const struct answer_here *here, struct arena *arena, struct str *out)
{
	struct kind *kinds = arena_calloc(arena, here->n_listeners, sizeof(*kinds));
	size_t n = 0, i = 0;

	if (!kinds)
		return false;
	for (size_t k = 0; k < here->n_listeners; k++) {
		const struct answer_listener *l = &here->listeners[k];

		if (counts(l))
			kinds[n++] = (struct kind){l->verdict ? l->verdict : "unknown",
						   l->exposure, l->protocol, 1};
	}
	qsort(kinds, n, sizeof(*kinds), compare_kinds);
	append_family(out, "berth_listeners", "gauge",
		      "Listeners of this network namespace, by what berth thinks of them.");
	while (i < n) {
		size_t same = i + 1;

		while (same < n && compare_kinds(&kinds[i], &kinds[same]) == 0)
			same++;
		str_append(out, "berth_listeners");
		append_label(out, true, "verdict", kinds[i].verdict);
		append_label(out, false, "exposure", kinds[i].exposure);
		append_label(out, false, "protocol", kinds[i].protocol);
		str_printf(out, "} %zu\n", same - i);
		i = same;
	}
	return true;
}

static int compare_words(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static bool append_gaps(const struct answer_here *here, struct arena *arena, struct str *out)
{
	const char **words = arena_calloc(arena, here->n_gaps, sizeof(*words));
	size_t i = 0;

	if (!words)
		return false;
	for (size_t k = 0; k < here->n_gaps; k++)
		words[k] = here->gaps[k].what ? here->gaps[k].what : "";
	qsort(words, here->n_gaps, sizeof(*words), compare_words);
	append_family(out, "berth_gaps", "gauge", "What could not be seen, by kind.");
	while (i < here->n_gaps) {
		size_t same = i + 1;

		while (same < here->n_gaps && strcmp(words[i], words[same]) == 0)
			same++;
		str_append(out, "berth_gaps");
		append_label(out, true, "what", words[i]);
		str_printf(out, "} %zu\n", same - i);
		i = same;
	}
	return true;
}

static void append_machine(const struct answer_here *here, struct str *out)
{
	int64_t n_full = 0, n_other = 0;

	for (size_t i = 0; i < here->n_listeners; i++) {
		n_full += counts(&here->listeners[i]) && answer_is_queue_full(&here->listeners[i]);
		n_other += !here->listeners[i].is_here;
	}
	append_gauge(out, "berth_full_queues",
		     "Listeners that take no further connection until their program accepts one.",
		     n_full);
	append_gauge(out, "berth_foreign_listeners", "Listeners of other network namespaces.",
		     n_other);
	append_gauge(out, "berth_published_ports",
		     "Host ports that rules or proxies lead elsewhere.",
		     (int64_t)here->n_published);
	if (here->checked.at != LIVE_TIME_NONE) {
		append_family(out, "berth_look_timestamp_seconds", "gauge",
			      "When this machine was looked at.");
		str_append(out, "# UNIT berth_look_timestamp_seconds seconds\n");
		str_printf(out, "berth_look_timestamp_seconds %" PRId64 ".%03" PRId64 "\n",
			   here->checked.at / SECOND_NS, here->checked.at % SECOND_NS / 1000000);
	}
}

/* The first instant of "2026-08-17" or of "2026-08". Returns 0 or a negative errno. */
static int read_date(const char *date, int64_t *out)
{
	char text[INSTANT_TEXT_SIZE];

	if (!date || strlen(date) > 10)
		return -EINVAL;
	snprintf(text, sizeof(text), "%s%sT00:00:00Z", date, strlen(date) == 7 ? "-01" : "");
	return instant_parse(text, out);
}

static void append_registry(const struct metrics_state *state, const struct answer_here *here,
			    struct str *out)
{
	const struct answer_registry registry = answer_registry(state->from->registry);
	int64_t as_of;

	append_family(out, "berth_registry", "info", "Which registry answers.");
	str_append(out, "berth_registry_info");
	append_label(out, true, "source", registry.source);
	append_label(out, false, "names_as_of", registry.names_as_of);
	append_label(out, false, "details_as_of", registry.details_as_of);
	append_label(out, false, "built_in", registry.built_in ? "true" : "false");
	str_append(out, "} 1\n");
	if (read_date(registry.names_as_of, &as_of) < 0 || here->checked.at == LIVE_TIME_NONE)
		return;
	append_family(out, "berth_registry_age_seconds", "gauge",
		      "How old the names were when this machine was looked at.");
	str_append(out, "# UNIT berth_registry_age_seconds seconds\n");
	str_printf(out, "berth_registry_age_seconds %" PRId64 "\n",
		   (here->checked.at - as_of) / SECOND_NS);
}

static void append_server(const struct metrics_state *state, struct str *out)
{
	append_family(out, "berth_build", "info", "The program itself.");
	str_append(out, "berth_build_info");
	append_label(out, true, "version", state->version);
	str_append(out, "} 1\n");
	append_family(out, "berth_http_requests", "counter",
		      "Answers of the atlas, by the first digit of their status.");
	for (size_t i = 1; i < N_ELEMENTS(state->counts->n_requests); i++)
		str_printf(out, "berth_http_requests_total{status=\"%zuxx\"} %" PRIu64 "\n", i,
			   atomic_load(&state->counts->n_requests[i]));
	append_gauge(out, "berth_http_connections", "Connections to the atlas that are open.",
		     atomic_load(&state->counts->n_connections));
	append_family(out, "berth_http_slow_connections", "counter",
		      "Connections to the atlas that were ended for being too slow.");
	str_printf(out, "berth_http_slow_connections_total %" PRIu64 "\n",
		   atomic_load(&state->counts->n_refused));
	append_gauge(out, "berth_event_streams", "Readers of the atlas' events.",
		     (int64_t)state->n_streams);
}

int metrics_write(const struct metrics_state *state, struct arena *arena, struct str *out)
{
	const struct answer_here *here = answer_here(state->from, arena);

	if (!here || !append_listeners(here, arena, out) || !append_gaps(here, arena, out))
		return -ENOMEM;
	append_machine(here, out);
	append_registry(state, here, out);
	append_server(state, out);
	str_append(out, "# EOF\n");
	return out->has_failed ? -ENOMEM : 0;
}
