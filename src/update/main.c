/*
 * berth-update: what `berth update` needs libraries for, as a program of its own.
 *
 *     berth-update xml                       IANA's XML on standard input
 *     berth-update fetch URL ETAG CACERT     IANA's XML or CSV over HTTPS; two may be empty
 *
 * Writes to standard output, for berth and nobody else: the line "berth-update 1", lines of a key
 * and a value, an empty line, and behind "result table" the table as CSV (registry/iana-csv.h).
 *
 *     result table | unchanged | refused | failed
 *     etag ...        what the server called this version
 *     updated DATE    the date that the XML bears
 *     error ...       one line, with refused and failed
 *
 * It reads no registry and writes no file.
 */
#include "base/fd.h"
#include "registry/iana-xml.h"
#include "update/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART = 64 * 1024 };

/* What will be said. */
struct reply {
	const char *result;
	char error[FETCH_ERROR_SIZE];
	char updated[IANA_XML_DATE_SIZE];
	const char *etag;
	struct str table;
};

static void append_cell(struct str *out, const char *cell)
{
	str_append_char(out, '"');
	for (const char *quote; (quote = strchr(cell, '"')) != NULL; cell = quote + 1) {
		str_append_bytes(out, cell, (size_t)(quote - cell) + 1);
		str_append_char(out, '"');
	}
	str_append(out, cell);
	str_append_char(out, '"');
}

static int add_line(struct str *out, const char *const *cells)
{
	for (size_t i = 0; i < N_IANA_CELLS; i++) {
		if (i > 0)
			str_append_char(out, ',');
		append_cell(out, cells[i]);
	}
	str_append_char(out, '\n');
	return out->has_failed ? -ENOMEM : 0;
}

static int add_record(void *context, const struct iana_record *record)
{
	return add_line(context, record->cells);
}

static int add_header(struct str *out)
{
	const char *names[N_IANA_CELLS];

	for (unsigned int i = 0; i < N_IANA_CELLS; i++)
		names[i] = iana_column_name(i);
	return add_line(out, names);
}

static void fail(struct reply *reply, const char *result, const char *error)
{
	reply->result = result;
	snprintf(reply->error, sizeof(reply->error), "%s", error);
	str_clear(&reply->table);
}

static void convert(const struct str *xml, struct reply *reply)
{
	struct iana_sink sink = {add_record, &reply->table};
	struct iana_error error = {0};
	int r = add_header(&reply->table);

	if (r == 0)
		r = iana_xml_read(str_text(xml), xml->length, &sink, reply->updated, &error);
	if (r == -EBADMSG) {
		fail(reply, "refused", "");
		if (error.line > 0)
			snprintf(reply->error, sizeof(reply->error), "line %u: %s", error.line,
				 error.text);
		else
			snprintf(reply->error, sizeof(reply->error), "%s", error.text);
	} else if (r < 0) {
		fail(reply, "failed", strerror(-r));
	}
}

/* The first byte that is no white space (or mark) of XML is '<'. */
static bool is_xml(const char *text)
{
	text += strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	return text[strspn(text, " \t\r\n")] == '<';
}

static void fetch(char **argv, struct fetch *got, struct reply *reply)
{
	int r = fetch_get(argv[2], argv[3], argv[4], IANA_MAX_FILE, got);

	reply->etag = got->etag;
	if (r == -ENOMEM)
		fail(reply, "failed", strerror(ENOMEM));
	else if (r < 0)
		fail(reply, got->is_refused ? "refused" : "failed", got->error);
	else if (got->is_unchanged)
		reply->result = "unchanged";
	else if (is_xml(str_text(&got->body)))
		convert(&got->body, reply);
	else
		str_append_bytes(&reply->table, str_text(&got->body), got->body.length);
}

static void read_input(struct str *xml, struct reply *reply)
{
	char *part = malloc(PART);
	long n = part ? 0 : -ENOMEM;

	while (part && (n = fd_read(STDIN_FILENO, part, PART)) > 0) {
		str_append_bytes(xml, part, (size_t)n);
		if (xml->has_failed || xml->length > IANA_MAX_FILE)
			break;
	}
	free(part);
	if (n < 0 || xml->has_failed)
		fail(reply, "failed", strerror(n < 0 ? (int)-n : ENOMEM));
	else
		convert(xml, reply); /* says so when it is too large */
}

static bool write_all(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* Values are lines: nothing in them may end one. */
static void add_value(struct str *head, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	str_printf(head, "%s ", key);
	for (const char *c = value; *c; c++)
		str_append_char(head, (unsigned char)*c < ' ' ? ' ' : *c);
	str_append_char(head, '\n');
}

static bool say(const struct reply *reply)
{
	struct str head = {0};
	bool is_said;

	str_append(&head, "berth-update 1\n");
	add_value(&head, "result", reply->result);
	add_value(&head, "error", reply->error);
	add_value(&head, "updated", reply->updated);
	add_value(&head, "etag", reply->etag);
	str_append_char(&head, '\n');
	is_said = !head.has_failed && !reply->table.has_failed &&
		  write_all(str_text(&head), head.length) &&
		  write_all(str_text(&reply->table), reply->table.length);
	str_fini(&head);
	return is_said;
}

int main(int argc, char **argv)
{
	struct reply reply = {.result = "table"};
	struct fetch got = {0};
	struct str xml = {0};
	bool is_said;

	if (argc == 2 && strcmp(argv[1], "xml") == 0) {
		read_input(&xml, &reply);
	} else if (argc == 5 && strcmp(argv[1], "fetch") == 0) {
		fetch(argv, &got, &reply);
	} else {
		fprintf(stderr, "berth-update is run by `berth update`\n");
		return 2;
	}
	is_said = say(&reply);
	str_fini(&got.body);
	str_fini(&xml);
	str_fini(&reply.table);
	return is_said ? EXIT_SUCCESS : EXIT_FAILURE;
}
