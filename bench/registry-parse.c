/*
 * registry-parse: how fast IANA's files are read, and what opening a registry costs.
 *
 *     registry-parse FILE.csv|FILE.xml [ROUNDS]
 *
 * Reads the file whole, then parses it in memory ROUNDS times (default 21): every record is taken
 * apart and its cells are given away. Prints rows, MB/s (least, median, greatest of the rounds) and
 * the milliseconds of the median; then the size of the built-in image and the time to open it.
 */
#include "base/fd.h"
#include "base/image.h"
#include "registry/iana-csv.h"
#include "registry/iana-xml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ROUNDS = 1001 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int count(void *context, const struct iana_record *record)
{
	size_t *n = context;

	*n += record->cells[IANA_NAME] != NULL;
	return 0;
}

static int parse(const char *bytes, size_t n, bool is_xml, size_t *n_rows)
{
	const struct iana_sink sink = {.record = count, .context = n_rows};
	char updated[IANA_XML_DATE_SIZE];
	struct iana_error error = {0};
	int r;

	*n_rows = 0;
	r = is_xml ? iana_xml_read(bytes, n, &sink, updated, &error)
		   : iana_csv_read(bytes, n, &sink, &error);
	if (r < 0)
		fprintf(stderr, "registry-parse: line %u: %s\n", error.line, error.text);
	return r;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report_opening(void)
{
	double start = now_s();
	struct registry registry;
	const char *reason;
	size_t size = 0;

	for (int i = 0; i < 1000; i++) {
		if (registry_open_builtin(&registry, &reason) < 0)
			return;
		size = registry.image.size;
		registry_close(&registry);
	}
	printf("built-in image: %zu bytes, opened in %.0f ns\n", size, (now_s() - start) * 1e6);
}

int main(int argc, char **argv)
{
	size_t n_rounds = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 21;
	double seconds[MAX_ROUNDS];
	size_t n, n_rows = 0, length;
	char *bytes;
	bool is_xml;

	if (argc < 2 || n_rounds == 0 || n_rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: registry-parse FILE.csv|FILE.xml [ROUNDS]\n");
		return 2;
	}
	if (fd_slurp_at(AT_FDCWD, argv[1], IANA_MAX_FILE, &bytes, &n) < 0) {
		fprintf(stderr, "registry-parse: cannot read %s\n", argv[1]);
		return 2;
	}
	length = strlen(argv[1]);
	is_xml = length > 4 && strcmp(argv[1] + length - 4, ".xml") == 0;
	for (size_t i = 0; i < n_rounds; i++) {
		double start = now_s();

		if (parse(bytes, n, is_xml, &n_rows) < 0)
			return 2;
		seconds[i] = now_s() - start;
	}
	qsort(seconds, n_rounds, sizeof(*seconds), compare);
	printf("%zu rows, %.0f %.0f %.0f MB/s, median %.2f ms\n", n_rows,
	       (double)n / seconds[n_rounds - 1] / 1e6, (double)n / seconds[n_rounds / 2] / 1e6,
	       (double)n / seconds[0] / 1e6, seconds[n_rounds / 2] * 1e3);
	free(bytes);
	report_opening();
	return 0;
}
