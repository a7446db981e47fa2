#include "base/plural.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

enum { MOST_DEPTH = 32, LAST_LEVEL = 5 };

struct reader {
	const char *at;
	unsigned long long n;
	unsigned int depth;
	bool has_failed;
};

/* Operators by level, the loosest first; of two that begin alike the longer one first. */
static const struct {
	char word[3];
	unsigned char level;
} operators[] = {
	{"||", 0}, {"&&", 1}, {"==", 2}, {"!=", 2}, {"<=", 3}, {">=", 3}, {"<", 3},
	{">", 3},  {"+", 4},  {"-", 4},	 {"*", 5},  {"/", 5},  {"%", 5},
};

/* What is in parentheses is read by the same functions, MOST_DEPTH deep at most. */
/* NOLINTBEGIN(misc-no-recursion) */
static unsigned long long read_choice(struct reader *r);

static void skip(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

static bool take(struct reader *r, char c)
{
	skip(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static unsigned long long fail(struct reader *r)
{
	r->has_failed = true;
	return 0;
}

static unsigned long long read_number(struct reader *r)
{
	size_t digits = strspn(r->at, "0123456789");
	uint64_t value = 0;

	if (digits == 0 || str_parse_u64(r->at, digits, 1000000, &value) < 0)
		return fail(r);
	r->at += digits;
	return (unsigned long long)value;
}

static unsigned long long read_operand(struct reader *r)
{
	unsigned long long value;

	if (r->depth == MOST_DEPTH)
		return fail(r);
	r->depth++;
	if (take(r, '!')) {
		value = !read_operand(r);
	} else if (take(r, '(')) {
		value = read_choice(r);
		if (!take(r, ')'))
			value = fail(r);
	} else if (take(r, 'n')) {
		value = r->n;
	} else {
		value = read_number(r);
	}
	r->depth--;
	return value;
}

static unsigned long long apply(struct reader *r, const char *word, unsigned long long a,
				unsigned long long b)
{
	switch (word[0]) {
	case '|': return a || b;
	case '&': return a && b;
	case '=': return a == b;
	case '!': return a != b;
	case '<': return word[1] ? a <= b : a < b;
	case '>': return word[1] ? a >= b : a > b;
	case '+': return a + b;
	case '-': return a - b;
	case '*': return a * b;
	case '/': return b ? a / b : fail(r);
	case '%': return b ? a % b : fail(r);
	}
	return fail(r);
}

static const char *take_operator(struct reader *r, unsigned int level)
{
	skip(r);
	for (size_t i = 0; i < N_ELEMENTS(operators); i++) {
		size_t length = strlen(operators[i].word);

		if (strncmp(r->at, operators[i].word, length) != 0)
			continue;
		if (operators[i].level != level)
			return NULL;
		r->at += length;
		return operators[i].word;
	}
	return NULL;
}

static unsigned long long read_level(struct reader *r, unsigned int level)
{
	unsigned long long value;
	const char *word;

	if (level > LAST_LEVEL)
		return read_operand(r);
	value = read_level(r, level + 1);
	while (!r->has_failed && (word = take_operator(r, level)))
		value = apply(r, word, value, read_level(r, level + 1));
	return value;
}

/* Both sides are read, since what is not well-formed is refused whatever n is; what is computed in
 * the side that is not chosen cannot fail but by dividing by zero, which no language does. */
static unsigned long long read_choice(struct reader *r)
{
	unsigned long long value, yes, no;

	if (r->depth == MOST_DEPTH)
		return fail(r);
	r->depth++;
	value = read_level(r, 0);
	if (!r->has_failed && take(r, '?')) {
		yes = read_choice(r);
		if (!take(r, ':'))
			fail(r);
		no = r->has_failed ? 0 : read_choice(r);
		value = value ? yes : no;
	}
	r->depth--;
	return value;
}

/* NOLINTEND(misc-no-recursion) */

int plural_compute(const char *expression, unsigned long long n, unsigned long long *out)
{
	struct reader r = {.at = expression, .n = n};
	unsigned long long value = read_choice(&r);

	skip(&r);
	if (r.has_failed || (*r.at && *r.at != ';' && *r.at != '\n'))
		return -EINVAL;
	*out = value;
	return 0;
}
