/*
 * mkassets OUT FILE...: the files that pages load as a C table `assets_table[]`, sorted by name.
 * A build-time program, never run by hand.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1024 * 1024, BYTES_A_LINE = 24 };

static const struct {
	const char *suffix, *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
	{".txt", "text/plain; charset=utf-8"},
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(types[i].suffix, dot) == 0)
			return types[i].type;
	}
	return NULL;
}

/* FNV-1a, as base/str.h has it: this program is built before everything else. */
static uint64_t hash(const unsigned char *bytes, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * UINT64_C(1099511628211);
	return h;
}

static int write_asset(FILE *out, const char *path, unsigned char *bytes)
{
	const char *name = base_name(path), *type = type_of(name);
	FILE *in = fopen(path, "rb");
	size_t n = in ? fread(bytes, 1, MOST, in) : 0;
	unsigned long long sum;

	if (!in || ferror(in) || n == MOST || !type) {
		fprintf(stderr, "mkassets: %s: %s\n", path,
			type ? "cannot be read, or is too large" : "a file of an unknown type");
		if (in)
			fclose(in);
		return -1;
	}
	fclose(in);
	sum = hash(bytes, n);
	fprintf(out, "\t{.name = \"%s\", .type = \"%s\", .n = %zu,\n"
		     "\t .etag = \"\\\"%016llx\\\"\", .version = \"%08llx\",\n"
		     "\t .bytes = (const char[]){", name, type, n, sum,
		sum >> 32);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%d,", i % BYTES_A_LINE ? "" : "\n\t\t", (signed char)bytes[i]);
	fputs("0}},\n", out);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
	unsigned char *bytes = malloc(MOST);
	int failed = !out || !bytes;

	if (failed) {
		perror(argc > 2 ? argv[1] : "usage: mkassets OUT FILE...");
	} else {
		qsort(argv + 2, (size_t)argc - 2, sizeof(*argv), by_name);
		fputs("/* Made by mkassets from src/web/assets/. */\n"
		      "static const struct asset assets_table[] = {\n", out);
		for (int i = 2; i < argc && !failed; i++)
			failed = write_asset(out, argv[i], bytes) < 0;
		fputs("};\n", out);
	}
	if (out && fclose(out) != 0)
		failed = 1;
	free(bytes);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
