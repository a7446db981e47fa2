#include "manifests/readers.h"

#include <string.h>
#include <strings.h>

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcasecmp(text + n - n_end, end) == 0;
}

enum reader_kind readers_kind(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool is_yaml = ends_with(name, ".yml") || ends_with(name, ".yaml");

	if (is_yaml && (strncmp(name, "compose", 7) == 0 ||
			strncmp(name, "docker-compose", 14) == 0))
		return READER_COMPOSE;
	if (is_yaml)
		return READER_YAML;
	if (ends_with(name, ".socket"))
		return READER_SOCKET;
	if (strcmp(name, ".env") == 0 || strncmp(name, ".env.", 5) == 0 || ends_with(name, ".env"))
		return READER_DOTENV;
	return READER_NONE;
}

bool readers_span(const char *text, size_t n, uint16_t *first, uint16_t *last)
{
	const char *dash = memchr(text, '-', n);
	size_t n_first = dash ? (size_t)(dash - text) : n;
	uint64_t a, b;

	if (str_parse_u64(text, n_first, UINT16_MAX, &a) < 0)
		return false;
	b = a;
	if (dash && str_parse_u64(dash + 1, n - n_first - 1, UINT16_MAX, &b) < 0)
		return false;
	if (a == 0 || b < a)
		return false;
	*first = (uint16_t)a;
	*last = (uint16_t)b;
	return true;
}

void readers_read(enum reader_kind kind, const char *path, bool is_named, const char *bytes,
		  size_t n, const struct reader_variables *variables, struct report *out)
{
	switch (kind) {
	case READER_NONE:
		return;
	case READER_COMPOSE:
		readers_yaml(true, is_named, bytes, n, variables, out);
		return;
	case READER_YAML:
		readers_yaml(false, is_named, bytes, n, variables, out);
		return;
	case READER_SOCKET:
		readers_socket(path, bytes, n, out);
		return;
	case READER_DOTENV:
		readers_dotenv(bytes, n, out);
		return;
	}
}
