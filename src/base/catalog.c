#include "base/catalog.h"

#include "base/plural.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

enum { MAGIC = (int)0x950412deU, HEADER_SIZE = 28, MOST_FORMS = 6, MOST_SIZE = 16 << 20 };

static uint32_t number_at(const struct catalog *c, uint32_t at)
{
	uint32_t value;

	memcpy(&value, c->bytes + at, sizeof(value));
	return c->is_swapped ? __builtin_bswap32(value) : value;
}

/* Text `i` of a table, and its length. */
static const char *entry(const struct catalog *c, uint32_t table, uint32_t i, uint32_t *length)
{
	*length = number_at(c, table + i * 8);
	return c->bytes + number_at(c, table + i * 8 + 4);
}

static bool is_table(const struct catalog *c, uint32_t table)
{
	return table <= c->size && c->n <= (c->size - table) / 8;
}

static bool is_terminated(const struct catalog *c, uint32_t table, uint32_t i)
{
	uint32_t length = number_at(c, table + i * 8);
	uint32_t at = number_at(c, table + i * 8 + 4);

	return at < c->size && length < c->size - at && c->bytes[at + length] == '\0';
}

static bool are_entries_good(const struct catalog *c)
{
	const char *before = NULL;
	uint32_t length;

	for (uint32_t i = 0; i < c->n; i++) {
		const char *id;

		if (!is_terminated(c, c->ids, i) || !is_terminated(c, c->texts, i))
			return false;
		id = entry(c, c->ids, i, &length);
		if (before && strcmp(before, id) >= 0)
			return false;
		before = id;
	}
	return true;
}

/* "nplurals=2; plural=(n != 1);" in a line of the header; none is the rule of English. */
static int read_plural_forms(struct catalog *c)
{
	const char *header = catalog_text(c, "");
	const char *line = header ? strstr(header, "\nPlural-Forms:") : NULL;
	const char *count = line ? strstr(line, "nplurals=") : NULL;
	const char *rule = count ? strstr(count, "plural=") : NULL;
	unsigned long long tried;

	c->n_forms = 2;
	if (!line)
		return 0;
	if (!count || !rule || strcspn(line + 1, "\n") < (size_t)(rule - line))
		return -EINVAL;
	count += strlen("nplurals=");
	if (*count < '1' || *count > '0' + MOST_FORMS || count[1] != ';')
		return -EINVAL;
	c->n_forms = (uint32_t)(*count - '0');
	c->plural = rule + strlen("plural=");
	return plural_compute(c->plural, 1, &tried);
}

int catalog_open(const void *bytes, size_t size, struct catalog *out)
{
	struct catalog c = {.bytes = bytes, .size = (uint32_t)size};
	uint32_t magic;
	int r;

	if (size < HEADER_SIZE || size > MOST_SIZE)
		return -EINVAL;
	magic = number_at(&c, 0);
	c.is_swapped = magic == __builtin_bswap32((uint32_t)MAGIC);
	if (!c.is_swapped && magic != (uint32_t)MAGIC)
		return -EINVAL;
	c.n = number_at(&c, 8);
	c.ids = number_at(&c, 12);
	c.texts = number_at(&c, 16);
	if (number_at(&c, 4) >> 16 != 0 || !is_table(&c, c.ids) || !is_table(&c, c.texts) ||
	    !are_entries_good(&c))
		return -EINVAL;
	r = read_plural_forms(&c);
	if (r < 0)
		return r;
	*out = c;
	return 0;
}

/* The translation of a message, all its forms one after another, and their length together. */
static const char *find(const struct catalog *c, const char *text, uint32_t *length)
{
	uint32_t low = 0, high = c->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, entry(c, c->ids, middle, length));

		if (order == 0)
			return entry(c, c->texts, middle, length);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const char *form_of(const struct catalog *c, const char *forms, uint32_t length,
			   unsigned long long n)
{
	unsigned long long form = n != 1;

	if (c->plural && plural_compute(c->plural, n, &form) < 0)
		return NULL;
	if (form >= c->n_forms)
		return NULL;
	for (; form > 0; form--) {
		size_t skipped = strlen(forms) + 1;

		if (skipped > length)
			return NULL; /* it has fewer than it says */
		forms += skipped;
		length -= (uint32_t)skipped;
	}
	return *forms ? forms : NULL;
}

const char *catalog_text(const struct catalog *c, const char *text)
{
	uint32_t length;
	const char *found = find(c, text, &length);

	return found && *found ? found : NULL;
}

const char *catalog_plural(const struct catalog *c, const char *one, unsigned long long n)
{
	uint32_t length;
	const char *forms = find(c, one, &length);

	return forms ? form_of(c, forms, length, n) : NULL;
}

const char *catalog_any(const struct catalog *c, const char *text)
{
	const char *found = catalog_text(c, text);

	for (uint32_t i = 0; !found && i < c->n; i++) {
		uint32_t length;
		const char *one = entry(c, c->ids, i, &length);
		size_t singular = strlen(one);

		if (singular < length && strcmp(one + singular + 1, text) == 0)
			found = catalog_plural(c, one, 2);
	}
	return found;
}
