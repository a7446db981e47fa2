/*
 * Fuzz target: any bytes as a manifest; the first byte picks the kind. What is reported must be
 * lines of the report's form, and bounded.
 */
#include "manifests/readers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct report *r)
{
	const char *text = str_text(&r->out);

	if (r->out.has_failed || strlen(text) != r->out.length || r->out.length > REPORT_MOST)
		abort();
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c != '\n' && c != '\t' && (c < ' ' || c >= 0x7f))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		enum reader_kind kind;
		const char *path;
	} files[] = {
		{READER_COMPOSE, "a/compose.yaml"}, {READER_YAML, "k8s.yaml"},
		{READER_SOCKET, "a/x.socket"}, {READER_DOTENV, ".env"},
	};
	static const char env[] = "A=8080\nB='80'\nexport C=$A # c\nD=\nE=${E}\n";
	static const struct reader_variables variables = {env, sizeof(env) - 1};
	size_t which = size > 0 ? data[0] % N_ELEMENTS(files) : 0, n = size > 0 ? size - 1 : 0;
	char *bytes;
	struct report report;

	if (n > READERS_FILE_MOST)
		return 0;
	bytes = malloc(n ? n : 1); /* the exact size: overreads are seen */
	if (!bytes)
		return 0;
	if (n > 0)
		memcpy(bytes, data + 1, n);
	report_begin(&report);
	report_file(&report, files[which].path);
	readers_read(files[which].kind, files[which].path, size % 2, bytes, n, &variables,
		     &report);
	report_end(&report);
	check(&report);
	str_fini(&report.out);
	free(bytes);
	return 0;
}
