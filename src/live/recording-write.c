#include "live/recording.h"

#include "base/instant.h"
#include "base/str.h"
#include "live/recording-fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	struct str *out;
	size_t n_items; /* elements of all lists so far */
};

static const void *member(const void *record, size_t at)
{
	return (const char *)record + at;
}

static void append_byte(struct str *out, unsigned char c)
{
	switch (c) {
	case ' ':
		str_append(out, "\\s");
		break;
	case '\t':
		str_append(out, "\\t");
		break;
	case '\n':
		str_append(out, "\\n");
		break;
	case '\r':
		str_append(out, "\\r");
		break;
	case '\\':
		str_append(out, "\\\\");
		break;
	default:
		str_printf(out, "\\x%02x", c);
	}
}

/* Foreign bytes as a value; commas are escaped in elements of lists. */
static void append_value(struct str *out, const char *text, bool is_element)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t c = 0;
		size_t n = str_utf8_decode(text, left, &c);
		bool is_plain = n > 0 && !str_is_unsafe(c) && c != ' ' && c != '\\' &&
				!(is_element && c == ',');

		n = MAX_OF(n, 1);
		if (is_plain)
			str_append_bytes(out, text, n);
		for (size_t i = 0; !is_plain && i < n; i++)
			append_byte(out, (unsigned char)text[i]);
		text += n;
		left -= n;
	}
}

static void append_key(struct str *out, const char *key)
{
	str_append_char(out, ' ');
	str_append(out, key);
	str_append_char(out, '=');
}

static void append_words(struct writer *w, const char *const *words)
{
	if (words[0] && !words[0][0] && !words[1])
		str_append(w->out, "\\e");
	for (size_t i = 0; words[i]; i++) {
		if (i > 0)
			str_append_char(w->out, ',');
		append_value(w->out, words[i], true);
		w->n_items++;
	}
}

static void append_parents(struct writer *w, const struct live_process *p)
{
	for (size_t i = 0; i < p->n_parents; i++) {
		str_printf(w->out, "%s%u", i > 0 ? "," : "", p->parents[i].pid);
		if (p->parents[i].program) {
			str_append_char(w->out, ':');
			append_value(w->out, p->parents[i].program, true);
		}
	}
	w->n_items += p->n_parents;
}

static void append_spans(struct writer *w, const struct live_spans *spans)
{
	for (size_t i = 0; i < spans->n; i++) {
		const struct live_span *span = &spans->items[i];

		str_printf(w->out, "%s%u", i > 0 ? "," : "", span->first);
		if (span->last != span->first)
			str_printf(w->out, "-%u", span->last);
	}
	w->n_items += spans->n;
}

static int append_owners(struct writer *w, const struct live_socket *s, const bool *late)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		const struct live_owner *o = &s->owners[i];

		str_printf(w->out, "%s%s", i > 0 ? "," : "", late && late[i] ? "+" : "");
		if (!o->process && o->method != LIVE_BY_KERNEL)
			return -EINVAL;
		if (!o->process) {
			str_append(w->out, "kernel");
			if (o->kernel) {
				str_append_char(w->out, ':');
				append_value(w->out, o->kernel, true);
			}
			continue;
		}
		str_printf(w->out, "%u:", o->process->pid);
		if (o->fd >= 0)
			str_printf(w->out, "%d", o->fd);
		if (o->method != LIVE_BY_FD)
			str_printf(w->out, ":%s", live_method_name(o->method));
	}
	w->n_items += s->n_owners;
	return 0;
}

/* Whether a field is left out because it says what its absence says. */
static bool is_default(const struct field *f, const void *record)
{
	const void *m = member(record, f->at);
	const struct live_socket *s = record;

	if (f->has_at != FIELD_ALWAYS)
		return !*(const bool *)member(record, f->has_at);
	switch (f->type) {
	case FIELD_TEXT:
		return !*(const char *const *)m;
	case FIELD_FLAG:
		return !*(const bool *)m;
	case FIELD_U32:
		return *(const uint32_t *)m == 0;
	case FIELD_U64:
		return *(const uint64_t *)m == 0;
	case FIELD_INSTANT:
		return *(const live_time *)m == LIVE_TIME_NONE;
	case FIELD_WORDS:
		return !*(const char *const *const *)m;
	case FIELD_PARENTS:
		return ((const struct live_process *)record)->n_parents == 0;
	case FIELD_NAMESPACE:
		return s->ns->is_here;
	case FIELD_OWNERS:
		return s->n_owners == 0;
	case FIELD_SEARCH:
		return s->owners_search == recording_default_search(s->state);
	case FIELD_MAYBE:
		return *(const enum maybe *)m == MAYBE_UNKNOWN;
	case FIELD_STAGE:
		return *(const enum live_stage *)m == LIVE_STAGE_NONE;
	case FIELD_PORTS:
		return ((const struct live_span *)m)->first == 0;
	case FIELD_SPANS:
		return ((const struct live_spans *)m)->n == 0;
	case FIELD_SPAN:
	case FIELD_RESERVED:
	case FIELD_QUEUE:
	case FIELD_ADDRESS:
		return false;
	}
	return false;
}

/* "80", "8000-8010". */
static void append_ports(struct str *out, const struct live_span *span)
{
	str_printf(out, span->first == span->last ? "%u" : "%u-%u", span->first, span->last);
}

/* " key=value", or " key" of a flag. `late` belongs to FIELD_OWNERS. */
static int append_field(struct writer *w, const struct field *f, const void *record,
			const bool *late)
{
	const void *m = member(record, f->at);
	const struct live_socket *s = record;
	const struct live_span *span = m;
	const struct live_rules *rules = record; /* FIELD_RESERVED only */
	char instant[INSTANT_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];

	if (f->type == FIELD_FLAG) {
		str_printf(w->out, " %s", f->key);
		return 0;
	}
	append_key(w->out, f->key);
	switch (f->type) {
	case FIELD_TEXT:
		append_value(w->out, *(const char *const *)m, false);
		break;
	case FIELD_U32:
		str_printf(w->out, "%u", *(const uint32_t *)m);
		break;
	case FIELD_U64:
		str_printf(w->out, "%llu", (unsigned long long)*(const uint64_t *)m);
		break;
	case FIELD_INSTANT:
		str_append(w->out, instant_format(*(const live_time *)m, instant));
		break;
	case FIELD_WORDS:
		append_words(w, *(const char *const *const *)m);
		break;
	case FIELD_PARENTS:
		append_parents(w, record);
		break;
	case FIELD_SPAN:
		str_printf(w->out, "%u-%u", span->first, span->last);
		break;
	case FIELD_RESERVED:
		append_spans(w, &(struct live_spans){rules->reserved, rules->n_reserved});
		break;
	case FIELD_SPANS:
		append_spans(w, m);
		break;
	case FIELD_QUEUE:
		str_printf(w->out, "%u/%u", s->queued, s->limit);
		break;
	case FIELD_NAMESPACE:
		str_printf(w->out, "%llu", (unsigned long long)s->ns->id);
		break;
	case FIELD_OWNERS:
		return append_owners(w, s, late);
	case FIELD_SEARCH:
		str_append(w->out, live_search_name(s->owners_search));
		break;
	case FIELD_ADDRESS:
		str_append(w->out, address_format(m, address));
		break;
	case FIELD_MAYBE:
		str_append(w->out, *(const enum maybe *)m == MAYBE_YES ? "yes" : "no");
		break;
	case FIELD_STAGE:
		str_append(w->out, live_stage_name(s->stage));
		break;
	case FIELD_PORTS:
		append_ports(w->out, span);
		break;
	case FIELD_FLAG:
		break;
	}
	return 0;
}

/* The fields of a record behind its positional words, and the line's end. */
static int end_line(struct writer *w, const struct field_table *table, const void *record,
		    size_t line_start, const bool *late)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		int r = 0;

		if (!is_default(&table->fields[i], record))
			r = append_field(w, &table->fields[i], record, late);
		if (r < 0)
			return r;
	}
	str_append_char(w->out, '\n');
	if (w->out->has_failed)
		return -ENOMEM;
	return w->out->length - line_start > RECORDING_LINE_MAX ? -EFBIG : 0;
}

static int write_namespace(struct writer *w, const struct live_namespace *ns)
{
	size_t start = w->out->length;
	struct live_namespace shown = *ns;
	char name[40];

	snprintf(name, sizeof(name), "net:[%llu]", (unsigned long long)ns->id);
	if (ns->name && strcmp(ns->name, ns->is_here ? "here" : name) == 0)
		shown.name = NULL;
	str_printf(w->out, "namespace %llu", (unsigned long long)ns->id);
	return end_line(w, &recording_namespace_fields, &shown, start, NULL);
}

static int write_process(struct writer *w, const struct live_process *p)
{
	size_t start = w->out->length;

	str_printf(w->out, "process %u", p->pid);
	return end_line(w, &recording_process_fields, p, start, NULL);
}

static void append_endpoint(struct str *out, const struct address *a, uint16_t port)
{
	struct address plain = *a;
	char text[ADDRESS_TEXT_SIZE];
	bool is_v6 = a->family == ADDRESS_IPV6;

	if (!is_v6)
		plain.scope_id = 0;
	address_format(&plain, text);
	str_printf(out, is_v6 ? " [%s]:%u" : " %s:%u", text, port);
}

static int write_socket(struct writer *w, const struct live_socket *s, const bool *late)
{
	size_t start = w->out->length;

	str_printf(w->out, "socket %s %s", transport_name(s->transport),
		   live_state_name(s->state));
	append_endpoint(w->out, &s->local, s->local_port);
	if (s->has_remote)
		append_endpoint(w->out, &s->remote, s->remote_port);
	return end_line(w, &recording_socket_fields, s, start, late);
}

static int write_published(struct writer *w, const struct live_published *p)
{
	size_t start = w->out->length;

	str_printf(w->out, "published %s ", transport_name(p->transport));
	append_ports(w->out, &p->ports);
	return end_line(w, &recording_published_fields, p, start, NULL);
}

static int write_container(struct writer *w, const struct live_container *c)
{
	size_t start = w->out->length;

	str_append(w->out, "container ");
	append_value(w->out, c->id, false);
	return end_line(w, &recording_container_fields, c, start, NULL);
}

static int write_gap(struct writer *w, const struct live_gap *g)
{
	size_t start = w->out->length;

	str_append(w->out, "gap");
	return end_line(w, &recording_gap_fields, g, start, NULL);
}

static int write_head(struct writer *w, const struct live_snapshot *s, const char *comment)
{
	const struct live_rules *rules = &s->rules;
	char instant[INSTANT_TEXT_SIZE];

	str_printf(w->out, "%s\n", recording_first_line);
	while (comment && *comment) {
		size_t n = strcspn(comment, "\n");
		char *line = strndup(comment, n);

		if (!line)
			return -ENOMEM;
		str_append(w->out, "# ");
		str_append_escaped(w->out, line, false);
		str_append_char(w->out, '\n');
		free(line);
		comment += n + (comment[n] == '\n');
	}
	if (s->at != LIVE_TIME_NONE)
		str_printf(w->out, "at %s\n", instant_format(s->at, instant));
	if (s->system != LIVE_LINUX)
		str_printf(w->out, "system %s\n", live_system_name(s->system));
	if (!s->could_look)
		str_append(w->out, "could-look no\n");
	if (!rules->has_ephemeral && !rules->has_privileged && !rules->has_reserved &&
	    !rules->has_uid && rules->kernel == 0 && rules->excluded_tcp.n == 0 &&
	    rules->excluded_udp.n == 0 && rules->guest_tcp.n == 0 && rules->guest_udp.n == 0)
		return 0;
	str_append(w->out, "rules");
	return end_line(w, &recording_rules_fields, rules, w->out->length, NULL);
}

/* A process and where it was met first, to be sorted by pid. */
struct met_process {
	const struct live_process *process;
	size_t order;
};

static int compare_met(const void *pa, const void *pb)
{
	const struct met_process *a = pa, *b = pb;

	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int write_processes(struct writer *w, const struct live_snapshot *s)
{
	struct met_process *met;
	size_t n_owners = 0, n = 0, n_written = 0;
	int r = 0;

	for (size_t i = 0; i < s->n_sockets; i++)
		n_owners += s->sockets[i].n_owners;
	met = calloc(MAX_OF(n_owners, 1), sizeof(*met));
	if (!met)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_sockets; i++) {
		for (size_t j = 0; j < s->sockets[i].n_owners; j++) {
			const struct live_process *p = s->sockets[i].owners[j].process;

			if (p) {
				met[n].process = p;
				met[n].order = n;
				n++;
			}
		}
	}
	qsort(met, n, sizeof(*met), compare_met);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (i > 0 && met[i].process->pid == met[i - 1].process->pid)
			continue;
		r = ++n_written > RECORDING_PROCESSES_MAX ? -EFBIG
							   : write_process(w, met[i].process);
	}
	free(met);
	return r;
}

int recording_write(const struct live_snapshot *s, struct recording_options options,
		    struct str *out)
{
	struct writer w = {.out = out};
	size_t start = out->length;
	int r;

	if (s->n_namespaces > RECORDING_NAMESPACES_MAX || s->n_sockets > RECORDING_SOCKETS_MAX ||
	    s->n_published > RECORDING_PUBLISHED_MAX ||
	    s->n_containers > RECORDING_CONTAINERS_MAX || s->n_gaps > RECORDING_GAPS_MAX)
		return -EFBIG;
	r = write_head(&w, s, options.comment);
	for (size_t i = 0; i < s->n_namespaces && r == 0; i++)
		r = write_namespace(&w, &s->namespaces[i]);
	if (r == 0)
		r = write_processes(&w, s);
	for (size_t i = 0; i < s->n_sockets && r == 0; i++)
		r = write_socket(&w, &s->sockets[i],
				 options.late_owners ? options.late_owners[i] : NULL);
	for (size_t i = 0; i < s->n_published && r == 0; i++)
		r = write_published(&w, &s->published[i]);
	for (size_t i = 0; i < s->n_containers && r == 0; i++)
		r = write_container(&w, &s->containers[i]);
	for (size_t i = 0; i < s->n_gaps && r == 0; i++)
		r = write_gap(&w, &s->gaps[i]);
	if (r < 0)
		return r;
	if (out->has_failed)
		return -ENOMEM;
	if (out->length - start > RECORDING_FILE_MAX || w.n_items > RECORDING_ITEMS_MAX)
		return -EFBIG;
	return 0;
}
