#include "live/recording.h"

#include "base/str.h"
#include "live/recording-fields.h"
#include "live/recording-value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Records with the line they stand on, kept until every line is read. */
struct read_namespace {
	struct live_namespace ns;
	size_t line;
	const struct live_namespace *final; /* the snapshot's copy, which keeps the file's order */
};

struct read_process {
	struct live_process process;
	size_t line;
};

struct read_socket {
	struct live_socket socket;
	size_t line;
	bool has_ns, has_search;
	uint64_t ns_id;
	struct value_owners owners;
};

/* Everything read so far. */
struct records {
	struct value_reader in;
	struct live_snapshot head; /* at, system, rules, could_look */
	bool has_at, has_system, has_could_look, has_rules;
	struct read_namespace *namespaces;
	size_t n_namespaces, namespaces_capacity;
	struct read_process *processes;
	size_t n_processes, processes_capacity;
	struct read_socket *sockets;
	size_t n_sockets, sockets_capacity;
	struct live_published *published;
	size_t n_published, published_capacity;
	struct live_container *containers;
	size_t n_containers, containers_capacity;
	struct live_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

static int read_reserved(struct records *r, char *value, struct live_rules *rules)
{
	struct live_spans spans = {0};
	int error = value_spans(&r->in, value, &spans);

	rules->reserved = spans.items;
	rules->n_reserved = spans.n;
	return error;
}

/* Fill the member of one field from its value; a socket's record is a struct read_socket. */
static int read_value(struct records *r, const struct field *f, char *value, void *record)
{
	void *m = (char *)record + f->at;
	struct read_socket *s = record; /* for the types that only sockets have */

	switch (f->type) {
	case FIELD_TEXT:
		*(const char **)m = value;
		return value_decode(&r->in, value);
	case FIELD_U32:
		return value_u32(&r->in, value, f->key, m);
	case FIELD_U64:
		return value_number(&r->in, value, UINT64_MAX, f->key, m);
	case FIELD_INSTANT:
		return value_instant(&r->in, value, f->key, m);
	case FIELD_WORDS:
		return value_words(&r->in, value, m);
	case FIELD_PARENTS:
		return value_parents(&r->in, value, record);
	case FIELD_SPAN:
		return value_span(&r->in, value, false, m);
	case FIELD_RESERVED:
		return read_reserved(r, value, record);
	case FIELD_SPANS:
		return value_spans(&r->in, value, m);
	case FIELD_QUEUE:
		return value_queue(&r->in, value, &s->socket);
	case FIELD_NAMESPACE:
		s->has_ns = true;
		return value_number(&r->in, value, UINT64_MAX, f->key, &s->ns_id);
	case FIELD_OWNERS:
		return value_owners(&r->in, value, &s->owners);
	case FIELD_SEARCH:
		s->has_search = true;
		return value_search(&r->in, value, &s->socket.owners_search);
	case FIELD_ADDRESS:
		return value_address(&r->in, value, m);
	case FIELD_MAYBE:
		return value_maybe(&r->in, value, f->key, m);
	case FIELD_STAGE:
		return value_stage(&r->in, value, m);
	case FIELD_PORTS:
		return value_span(&r->in, value, true, m);
	case FIELD_FLAG:
		break;
	}
	return 0;
}

static int read_field(struct records *r, const struct field_table *table, char *word, void *record,
		      uint32_t *seen)
{
	char *equals = strchr(word, '=');
	const struct field *f;
	char quoted[QUOTE_SIZE];
	size_t i = 0;

	if (equals)
		*equals = '\0';
	while (i < table->n_fields && strcmp(table->fields[i].key, word) != 0)
		i++;
	if (i == table->n_fields)
		return value_fail(&r->in, "%s is not a %s of a %s", value_quote(word, quoted),
			    equals ? "field" : "flag", table->record);
	f = &table->fields[i];
	if (*seen & (uint32_t)1 << i)
		return value_fail(&r->in, "%s is given twice", f->key);
	*seen |= (uint32_t)1 << i;
	if (f->type == FIELD_FLAG && equals)
		return value_fail(&r->in, "%s is a flag and takes no value", f->key);
	if (f->type != FIELD_FLAG && !equals)
		return value_fail(&r->in, "%s needs a value: %s=...", f->key, f->key);
	if (f->has_at != FIELD_ALWAYS)
		*(bool *)((char *)record + f->has_at) = true;
	if (f->type != FIELD_FLAG)
		return read_value(r, f, equals + 1, record);
	*(bool *)((char *)record + f->at) = true;
	return 0;
}

static int read_fields(struct records *r, const struct field_table *table, char *rest, void *record)
{
	uint32_t seen = 0;
	char *word;
	int error = 0;

	while (error == 0 && (word = value_next_word(&rest)))
		error = read_field(r, table, word, record, &seen);
	return error;
}

/* The one positional word of a record, which has to be there. */
static int read_positional(struct records *r, char **rest, const char *what, char **out)
{
	*out = value_next_word(rest);
	return *out ? 0 : value_fail(&r->in, "%s is missing", what);
}

static int read_at(struct records *r, char *rest)
{
	char *word;
	int error = read_positional(r, &rest, "the instant", &word);

	if (error == 0 && r->has_at)
		return value_fail(&r->in, "a second \"at\"");
	r->has_at = true;
	if (error == 0)
		error = value_instant(&r->in, word, "at", &r->head.at);
	if (error == 0 && value_next_word(&rest))
		return value_fail(&r->in, "more than an instant");
	return error;
}

static int read_system(struct records *r, char *rest)
{
	char quoted[QUOTE_SIZE];
	char *word;
	int error = read_positional(r, &rest, "the system", &word);

	if (error < 0)
		return error;
	if (r->has_system)
		return value_fail(&r->in, "a second \"system\"");
	r->has_system = true;
	if (value_next_word(&rest))
		return value_fail(&r->in, "more than a system");
	for (unsigned int i = 0; i < N_LIVE_SYSTEMS; i++) {
		if (strcmp(word, live_system_name((enum live_system)i)) == 0) {
			r->head.system = (enum live_system)i;
			return 0;
		}
	}
	return value_fail(&r->in, "%s is not a system", value_quote(word, quoted));
}

static int read_could_look(struct records *r, char *rest)
{
	char *word;
	int error = read_positional(r, &rest, "yes or no", &word);

	if (error < 0)
		return error;
	if (r->has_could_look)
		return value_fail(&r->in, "a second \"could-look\"");
	if ((strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) || value_next_word(&rest))
		return value_fail(&r->in, "could-look is yes or no");
	r->has_could_look = true;
	r->head.could_look = word[0] == 'y';
	return 0;
}

static int read_rules(struct records *r, char *rest)
{
	if (r->has_rules)
		return value_fail(&r->in, "a second \"rules\"");
	r->has_rules = true;
	return read_fields(r, &recording_rules_fields, rest, &r->head.rules);
}

static int read_namespace(struct records *r, char *rest)
{
	struct read_namespace *record;
	char *word;
	int error = read_positional(r, &rest, "the namespace's id", &word);

	if (error < 0)
		return error;
	if (r->n_namespaces == RECORDING_NAMESPACES_MAX)
		return value_fail(&r->in, "more than %d namespaces", RECORDING_NAMESPACES_MAX);
	record = ARENA_PUSH(r->in.arena, r->namespaces, r->n_namespaces, r->namespaces_capacity);
	if (!record)
		return -ENOMEM;
	record->line = r->in.line;
	error = value_number(&r->in, word, UINT64_MAX, "id of a namespace", &record->ns.id);
	if (error == 0)
		error = read_fields(r, &recording_namespace_fields, rest, &record->ns);
	if (error < 0 || record->ns.name)
		return error;
	record->ns.name = record->ns.is_here
				  ? "here"
				  : arena_printf(r->in.arena, "net:[%llu]",
						 (unsigned long long)record->ns.id);
	return record->ns.name ? 0 : -ENOMEM;
}

static int read_process(struct records *r, char *rest)
{
	struct read_process *record;
	char *word;
	int error = read_positional(r, &rest, "the process's pid", &word);

	if (error < 0)
		return error;
	if (r->n_processes == RECORDING_PROCESSES_MAX)
		return value_fail(&r->in, "more than %d processes", RECORDING_PROCESSES_MAX);
	record = ARENA_PUSH(r->in.arena, r->processes, r->n_processes, r->processes_capacity);
	if (!record)
		return -ENOMEM;
	record->line = r->in.line;
	record->process.started = LIVE_TIME_NONE;
	error = value_u32(&r->in, word, "pid", &record->process.pid);
	return error < 0 ? error : read_fields(r, &recording_process_fields, rest,
					       &record->process);
}

/* TRANSPORT STATE LOCAL [REMOTE]; what follows is left in `*rest`. */
static int read_socket_words(struct records *r, char **rest, struct live_socket *s)
{
	char quoted[QUOTE_SIZE];
	char *word, *ahead;
	int error = read_positional(r, rest, "the transport", &word);

	if (error == 0 && transport_parse(word, &s->transport) < 0)
		error = value_fail(&r->in, "%s is not a transport", value_quote(word, quoted));
	if (error == 0)
		error = read_positional(r, rest, "the state", &word);
	if (error == 0)
		error = value_state(&r->in, word, &s->state);
	if (error == 0)
		error = read_positional(r, rest, "the local address", &word);
	if (error == 0)
		error = value_endpoint(&r->in, word, &s->local, &s->local_port);
	if (error < 0)
		return error;
	ahead = *rest + strspn(*rest, " \t");
	if (*ahead != '[' && (*ahead < '0' || *ahead > '9'))
		return 0;
	s->has_remote = true;
	return value_endpoint(&r->in, value_next_word(rest), &s->remote, &s->remote_port);
}

static int read_socket(struct records *r, char *rest)
{
	struct read_socket *record;
	int error;

	if (r->n_sockets == RECORDING_SOCKETS_MAX)
		return value_fail(&r->in, "more than %d sockets", RECORDING_SOCKETS_MAX);
	record = ARENA_PUSH(r->in.arena, r->sockets, r->n_sockets, r->sockets_capacity);
	if (!record)
		return -ENOMEM;
	record->line = r->in.line;
	error = read_socket_words(r, &rest, &record->socket);
	if (error == 0)
		error = read_fields(r, &recording_socket_fields, rest, record);
	if (error == 0 && !record->has_search)
		record->socket.owners_search = recording_default_search(record->socket.state);
	return error;
}

/* TRANSPORT PORT|FIRST-LAST; what follows is left in `*rest`. */
static int read_published_words(struct records *r, char **rest, struct live_published *p)
{
	char quoted[QUOTE_SIZE];
	char *word;
	int error = read_positional(r, rest, "the transport", &word);

	if (error == 0 && transport_parse(word, &p->transport) < 0)
		error = value_fail(&r->in, "%s is not a transport", value_quote(word, quoted));
	if (error == 0)
		error = read_positional(r, rest, "the port", &word);
	return error < 0 ? error : value_span(&r->in, word, true, &p->ports);
}

static int read_published(struct records *r, char *rest)
{
	struct live_published *p;
	int error;

	if (r->n_published == RECORDING_PUBLISHED_MAX)
		return value_fail(&r->in, "more than %d published ports", RECORDING_PUBLISHED_MAX);
	p = ARENA_PUSH(r->in.arena, r->published, r->n_published, r->published_capacity);
	if (!p)
		return -ENOMEM;
	error = read_published_words(r, &rest, p);
	if (error == 0)
		error = read_fields(r, &recording_published_fields, rest, p);
	if (error == 0 && !p->by)
		return value_fail(&r->in, "a published port needs by=");
	if (error == 0 && p->to_ports.first != p->to_ports.last &&
	    p->to_ports.last - p->to_ports.first != p->ports.last - p->ports.first)
		return value_fail(&r->in, "ports= has to be one port, or as many as are published");
	return error;
}

static int read_container(struct records *r, char *rest)
{
	struct live_container *c;
	char *word;
	int error = read_positional(r, &rest, "the container's id", &word);

	if (error < 0)
		return error;
	if (r->n_containers == RECORDING_CONTAINERS_MAX)
		return value_fail(&r->in, "more than %d containers", RECORDING_CONTAINERS_MAX);
	c = ARENA_PUSH(r->in.arena, r->containers, r->n_containers, r->containers_capacity);
	if (!c)
		return -ENOMEM;
	c->id = word;
	error = value_decode(&r->in, word);
	if (error == 0)
		error = read_fields(r, &recording_container_fields, rest, c);
	for (size_t i = 0; error == 0 && i + 1 < r->n_containers; i++) {
		if (strcmp(r->containers[i].id, c->id) == 0)
			return value_fail(&r->in, "a second record of this container");
	}
	return error;
}

static int read_gap(struct records *r, char *rest)
{
	struct live_gap *gap;
	int error;

	if (r->n_gaps == RECORDING_GAPS_MAX)
		return value_fail(&r->in, "more than %d gaps", RECORDING_GAPS_MAX);
	gap = ARENA_PUSH(r->in.arena, r->gaps, r->n_gaps, r->gaps_capacity);
	if (!gap)
		return -ENOMEM;
	error = read_fields(r, &recording_gap_fields, rest, gap);
	if (error == 0 && (!gap->what || !gap->where || !gap->why))
		return value_fail(&r->in, "a gap needs what, where and why");
	return error;
}

static int read_record(struct records *r, char *line)
{
	static const struct {
		const char *kind;
		int (*read)(struct records *r, char *rest);
	} records[] = {
		{"at", read_at},           {"could-look", read_could_look},
		{"system", read_system},
		{"rules", read_rules},     {"namespace", read_namespace},
		{"process", read_process}, {"socket", read_socket},
		{"published", read_published}, {"container", read_container},
		{"gap", read_gap},
	};
	char quoted[QUOTE_SIZE];
	char *kind = value_next_word(&line);

	if (!kind)
		return 0;
	for (size_t i = 0; i < N_ELEMENTS(records); i++) {
		if (strcmp(kind, records[i].kind) == 0)
			return records[i].read(r, line);
	}
	return value_fail(&r->in, "%s is not a record", value_quote(kind, quoted));
}

/* A line without its end: only text that is safe to show, because people read these files. */
static int check_line(struct records *r, const char *bytes, size_t n)
{
	if (n > RECORDING_LINE_MAX)
		return value_fail(&r->in, "a line of more than %d bytes", RECORDING_LINE_MAX);
	while (n > 0) {
		uint32_t c = 0;
		size_t length = str_utf8_decode(bytes, n, &c);

		if (length == 0)
			return value_fail(&r->in, "not UTF-8: write the byte as \\x%02x",
				    (unsigned char)*bytes);
		if (c != '\t' && str_is_unsafe(c))
			return value_fail(&r->in, "a control or invisible character (U+%04X): "
					  "write its bytes as \\xNN", c);
		bytes += length;
		n -= length;
	}
	return 0;
}

static int read_line(struct records *r, const char *bytes, size_t n)
{
	int error;
	char *line;

	if (n > 0 && bytes[n - 1] == '\r')
		n--;
	error = check_line(r, bytes, n);
	if (error < 0)
		return error;
	if (r->in.line == 1) {
		size_t n_first = strlen(recording_first_line);

		if (n == n_first && memcmp(bytes, recording_first_line, n) == 0)
			return 0;
		if (n > n_first - 2 && memcmp(bytes, recording_first_line, n_first - 1) == 0)
			return value_fail(&r->in, "a recording of another version than 1");
		return value_fail(&r->in, "not a recording: its first line is not \"%s\"",
			    recording_first_line);
	}
	if (n == 0 || bytes[0] == '#')
		return 0;
	line = arena_strndup(r->in.arena, bytes, n);
	return line ? read_record(r, line) : -ENOMEM;
}

static int compare_processes(const void *pa, const void *pb)
{
	const struct read_process *a = pa, *b = pb;

	if (a->process.pid != b->process.pid)
		return a->process.pid < b->process.pid ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int compare_namespaces(const void *pa, const void *pb)
{
	const struct read_namespace *a = pa, *b = pb;

	if (a->ns.id != b->ns.id)
		return a->ns.id < b->ns.id ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int compare_sockets(const void *pa, const void *pb)
{
	const struct read_socket *a = pa, *b = pb;
	int order = live_socket_compare(&a->socket, &b->socket);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* Sort an array that may be NULL when it is empty. */
static void sort(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n > 1)
		qsort(items, n, size, compare);
}

static int check_doubles(struct records *r)
{
	for (size_t i = 1; i < r->n_processes; i++) {
		const struct read_process *p = &r->processes[i];

		r->in.line = p->line;
		if (p->process.pid == p[-1].process.pid)
			return value_fail(&r->in, "a second process %u", p->process.pid);
	}
	for (size_t i = 1; i < r->n_namespaces; i++) {
		const struct read_namespace *n = &r->namespaces[i];

		r->in.line = n->line;
		if (n->ns.id == n[-1].ns.id)
			return value_fail(&r->in, "a second namespace %llu",
					  (unsigned long long)n->ns.id);
	}
	return 0;
}

/* The snapshot's namespaces in the file's order; those of `r` become sorted by id. */
static int join_namespaces(struct records *r, const struct live_namespace **here)
{
	size_t n = r->n_namespaces;
	struct live_namespace *final = arena_calloc(r->in.arena, n, sizeof(*final));

	if (!final)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		final[i] = r->namespaces[i].ns;
		r->namespaces[i].final = &final[i];
		r->in.line = r->namespaces[i].line;
		if (final[i].is_here && *here)
			return value_fail(&r->in, "a second namespace is \"here\"");
		if (final[i].is_here)
			*here = &final[i];
	}
	sort(r->namespaces, n, sizeof(*r->namespaces), compare_namespaces);
	r->head.namespaces = final;
	r->head.n_namespaces = n;
	return 0;
}

static int join_namespace(struct records *r, const struct live_namespace *here,
			  struct read_socket *s)
{
	size_t low = 0, high = r->n_namespaces;

	if (!s->has_ns && !here)
		return value_fail(&r->in, "no ns=, and no namespace is \"here\"");
	s->socket.ns = here;
	while (s->has_ns && low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->namespaces[middle].ns.id < s->ns_id)
			low = middle + 1;
		else
			high = middle;
	}
	if (!s->has_ns)
		return 0;
	if (low == r->n_namespaces || r->namespaces[low].ns.id != s->ns_id)
		return value_fail(&r->in, "no namespace %llu", (unsigned long long)s->ns_id);
	s->socket.ns = r->namespaces[low].final;
	return 0;
}

static const struct live_process *find_process(const struct records *r, uint32_t pid)
{
	size_t low = 0, high = r->n_processes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->processes[middle].process.pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->n_processes || r->processes[low].process.pid != pid)
		return NULL;
	return &r->processes[low].process;
}

static int join_owners(struct records *r, struct read_socket *s)
{
	for (size_t i = 0; i < s->owners.n; i++) {
		struct live_owner *o = &s->owners.owners[i];

		if (s->owners.pids[i] == VALUE_NO_PID)
			continue;
		o->process = find_process(r, (uint32_t)s->owners.pids[i]);
		if (!o->process)
			return value_fail(&r->in, "no process %u", (uint32_t)s->owners.pids[i]);
	}
	s->socket.owners = s->owners.owners;
	s->socket.n_owners = s->owners.n;
	return 0;
}

/* Join what was read into one snapshot. */
static int join(struct records *r, struct recording *out)
{
	const struct live_namespace *here = NULL;
	struct live_socket *sockets;
	const bool **late;
	int error = join_namespaces(r, &here);

	sort(r->processes, r->n_processes, sizeof(*r->processes), compare_processes);
	if (error == 0)
		error = check_doubles(r);
	for (size_t i = 0; i < r->n_sockets && error == 0; i++) {
		r->in.line = r->sockets[i].line;
		error = join_namespace(r, here, &r->sockets[i]);
		if (error == 0)
			error = join_owners(r, &r->sockets[i]);
	}
	if (error < 0)
		return error;
	sort(r->sockets, r->n_sockets, sizeof(*r->sockets), compare_sockets);
	sockets = arena_calloc(r->in.arena, r->n_sockets, sizeof(*sockets));
	late = arena_calloc(r->in.arena, r->n_sockets, sizeof(*late));
	if (!sockets || !late)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_sockets; i++) {
		sockets[i] = r->sockets[i].socket;
		late[i] = r->sockets[i].owners.late;
	}
	out->snapshot = r->head;
	out->snapshot.sockets = sockets;
	out->snapshot.n_sockets = r->n_sockets;
	sort(r->published, r->n_published, sizeof(*r->published), live_published_compare);
	sort(r->containers, r->n_containers, sizeof(*r->containers), live_container_compare);
	out->snapshot.published = r->published;
	out->snapshot.n_published = r->n_published;
	out->snapshot.containers = r->containers;
	out->snapshot.n_containers = r->n_containers;
	out->snapshot.gaps = r->gaps;
	out->snapshot.n_gaps = r->n_gaps;
	out->late_owners = late;
	return 0;
}

int recording_read(const char *bytes, size_t n, const char *name, struct arena *arena,
		   struct recording *out, char *error)
{
	struct records r = {
		.in = {.arena = arena, .name = name, .error = error},
		.head = {.at = LIVE_TIME_NONE, .could_look = true},
	};
	size_t at = 0;
	int result = 0;

	error[0] = '\0';
	if (n > RECORDING_FILE_MAX) {
		r.in.line = 1;
		return value_fail(&r.in, "a file of more than %d bytes", RECORDING_FILE_MAX);
	}
	do {
		const char *end = n > at ? memchr(bytes + at, '\n', n - at) : NULL;
		size_t length = end ? (size_t)(end - bytes) - at : n - at;

		r.in.line++;
		result = read_line(&r, n > 0 ? bytes + at : "", length);
		at += length + 1;
	} while (result == 0 && at < n);
	return result == 0 ? join(&r, out) : result;
}
