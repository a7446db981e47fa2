#include "web/http-text.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int http_text_decode(const char *text, size_t n, bool is_form, char *out, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < n ? hex_value(text[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text[i + 2]) : -1;

			if (low < 0)
				return -EINVAL;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && is_form) {
			c = ' ';
		}
		if (!c)
			return -EINVAL;
		if (length + 1 >= size)
			return -ENAMETOOLONG;
		out[length++] = c;
	}
	if (length >= size)
		return -ENAMETOOLONG;
	out[length] = '\0';
	return (int)length;
}

/* One "key=value" of `n` bytes. Returns 1 when it is the wanted one, 0 when not, or an error. */
static int read_pair(const char *pair, size_t n, const char *key, char *out)
{
	const char *equals = memchr(pair, '=', n);
	size_t n_key = equals ? (size_t)(equals - pair) : n;
	char name[64], other[HTTP_TEXT_VALUE_MOST];
	const char *value = equals ? equals + 1 : pair + n;
	size_t n_value = n - (size_t)(value - pair);
	int r = http_text_decode(pair, n_key, true, name, sizeof(name));
	bool is_it = r >= 0 && strcmp(name, key) == 0;

	if (r == -EINVAL)
		return r;
	r = http_text_decode(value, n_value, true, is_it ? out : other, HTTP_TEXT_VALUE_MOST);
	if (r == -EINVAL || (r < 0 && is_it))
		return r;
	return is_it;
}

int http_text_value(const char *text, size_t n, const char *key, char *out)
{
	char value[HTTP_TEXT_VALUE_MOST];
	size_t at = 0, n_pairs = 0;
	bool has_it = false;

	while (at < n) {
		const char *end = memchr(text + at, '&', n - at);
		size_t length = end ? (size_t)(end - (text + at)) : n - at;
		int r = length > 0 ? read_pair(text + at, length, key, value) : 0;

		if (r < 0)
			return r;
		if (++n_pairs > HTTP_TEXT_PAIRS_MOST || (r > 0 && has_it))
			return -EINVAL;
		if (r > 0) {
			has_it = true;
			memcpy(out, value, strlen(value) + 1);
		}
		at += length + 1;
	}
	if (!has_it)
		out[0] = '\0';
	return has_it;
}

const char *http_text_cookie(const char *header, const char *name, size_t *n)
{
	size_t n_name = strlen(name);
	const char *found = NULL;
	const char *at = header ? header : "";

	while (*at) {
		size_t length;

		while (is_blank(*at) || *at == ';')
			at++;
		length = strcspn(at, ";");
		if (length > n_name && at[n_name] == '=' && memcmp(at, name, n_name) == 0) {
			if (found)
				return NULL;
			found = at + n_name + 1;
			*n = length - n_name - 1;
			while (*n > 0 && is_blank(found[*n - 1]))
				(*n)--;
		}
		at += length;
	}
	return found;
}

/* "0", "0.5", "1.000" as thousandths; -1: it is no weight. */
static int read_weight(const char *text, size_t n)
{
	int value = 0, digits = 0;

	if (n == 0 || n > 5 || (text[0] != '0' && text[0] != '1') || (n > 1 && text[1] != '.'))
		return -1;
	for (size_t i = 2; i < n; i++) {
		if (!is_digit(text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
		digits++;
	}
	for (; digits < 3; digits++)
		value *= 10;
	if (text[0] == '1')
		return value == 0 ? 1000 : -1;
	return value;
}

/* The weight behind a range: ";q=0.5"; without one 1000; -1: malformed. */
static int range_weight(const char *text, size_t n)
{
	size_t at = 0;

	while (at < n && is_blank(text[at]))
		at++;
	if (at == n)
		return 1000;
	if (text[at++] != ';')
		return -1;
	while (at < n && is_blank(text[at]))
		at++;
	if (at + 2 > n || lower(text[at]) != 'q' || text[at + 1] != '=')
		return -1;
	at += 2;
	while (n > at && is_blank(text[n - 1]))
		n--;
	return read_weight(text + at, n - at);
}

/* How exactly "de-AT" or "*" of `n` bytes stands for the language: 0 not, 1 as "*", 2 by name. */
static unsigned int range_fits(const char *range, size_t n, const char *language)
{
	size_t n_language = strlen(language);

	if (n == 1 && range[0] == '*')
		return 1;
	if (n < n_language || (n > n_language && range[n_language] != '-'))
		return 0;
	for (size_t i = 0; i < n_language; i++) {
		if (lower(range[i]) != language[i])
			return 0;
	}
	return 2;
}

unsigned int http_text_language_weight(const char *header, const char *language, uint32_t *place)
{
	unsigned int best = 0, best_fit = 0;
	uint32_t number = 0;

	*place = UINT32_MAX;
	for (const char *at = header ? header : ""; *at && number < 100; number++) {
		size_t n, n_range;
		unsigned int fit;
		int weight;

		while (is_blank(*at))
			at++;
		n = strcspn(at, ",");
		n_range = strcspn(at, ",; \t");
		fit = range_fits(at, n_range, language);
		weight = fit > 0 ? range_weight(at + n_range, n - n_range) : -1;
		if (weight >= 0 && (fit > best_fit || (fit == best_fit && weight > (int)best))) {
			best = (unsigned int)weight;
			best_fit = fit;
			*place = number;
		}
		at += n + (at[n] == ',');
	}
	return best;
}

bool http_text_prefers_german(const char *header)
{
	uint32_t german_place, english_place;
	unsigned int german = http_text_language_weight(header, "de", &german_place);
	unsigned int english = http_text_language_weight(header, "en", &english_place);

	if (german == english)
		return german > 0 && german_place < english_place;
	return german > english;
}

bool http_text_has_tag(const char *header, const char *tag)
{
	size_t n_tag = strlen(tag);

	for (const char *at = header ? header : ""; *at;) {
		size_t n;

		while (is_blank(*at) || *at == ',')
			at++;
		if (*at == '*' && (!at[1 + strspn(at + 1, " \t")]))
			return true;
		if (at[0] == 'W' && at[1] == '/')
			at += 2;
		if (*at != '"')
			return false;
		n = strcspn(at + 1, "\"") + 2;
		if (!at[n - 1])
			return false;
		if (n == n_tag && memcmp(at, tag, n) == 0)
			return true;
		at += n;
		at += strspn(at, " \t");
		if (*at && *at != ',')
			return false;
	}
	return false;
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

static int read_port(const char *text, size_t n, struct http_text_host *out)
{
	uint64_t port;

	if (n == 0 || n > 5 || str_parse_u64(text, n, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	out->has_port = true;
	out->port = (uint16_t)port;
	return 0;
}

/* "[::1]" with what follows. */
static int parse_bracketed(const char *text, size_t n, struct http_text_host *out)
{
	const char *end = memchr(text, ']', n);
	size_t length = end ? (size_t)(end - text) - 1 : 0;

	if (length == 0 || length >= sizeof(out->name))
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		char c = lower(text[i + 1]);

		if (hex_value(c) < 0 && c != ':' && c != '.')
			return -EINVAL;
		out->name[i] = c;
	}
	out->name[length] = '\0';
	out->is_ipv6 = true;
	if (n == length + 2)
		return 0;
	return end[1] == ':' ? read_port(end + 2, n - length - 3, out) : -EINVAL;
}

int http_text_host_parse(const char *text, size_t n, struct http_text_host *out)
{
	struct http_text_host host = {.has_port = false};
	const char *colon = memchr(text, ':', n);
	size_t length = colon ? (size_t)(colon - text) : n;
	int r = 0;

	if (n == 0)
		return -EINVAL;
	if (text[0] == '[') {
		r = parse_bracketed(text, n, &host);
		if (r == 0)
			*out = host;
		return r;
	}
	if (length == 0 || length >= sizeof(host.name))
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		host.name[i] = lower(text[i]);
		if (!is_name_character(host.name[i]))
			return -EINVAL;
	}
	if (length > 1 && host.name[length - 1] == '.')
		host.name[length - 1] = '\0';
	if (colon)
		r = read_port(colon + 1, n - length - 1, &host);
	if (r == 0)
		*out = host;
	return r;
}

int http_text_origin_parse(const char *text, struct http_text_host *out)
{
	struct http_text_host host = {.has_port = false};
	bool is_tls = strncmp(text, "https://", 8) == 0;
	const char *authority = text + (is_tls ? 8 : 7);
	int r;

	if (!is_tls && strncmp(text, "http://", 7) != 0)
		return -EINVAL;
	r = http_text_host_parse(authority, strlen(authority), &host);
	if (r < 0)
		return r;
	if (!host.has_port) {
		host.has_port = true;
		host.port = is_tls ? 443 : 80;
	}
	*out = host;
	return 0;
}

int http_text_port(const char *text, uint16_t *out)
{
	size_t n = strlen(text), zeros = strspn(text, "0");
	uint64_t port = 0;

	if (n == 0 || strspn(text, "0123456789") != n)
		return -EINVAL;
	if (n > zeros && str_parse_u64(text + zeros, n - zeros, UINT16_MAX, &port) < 0)
		return -ERANGE;
	*out = (uint16_t)port;
	return 0;
}

bool http_text_is_type(const char *header, const char *type)
{
	size_t n = header ? strcspn(header, "; \t") : 0;

	if (n == 0 || n != strlen(type))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (lower(header[i]) != type[i])
			return false;
	}
	return true;
}

bool http_text_wants_json(const char *accept)
{
	const char *json = accept ? strstr(accept, "application/json") : NULL;
	const char *html = accept ? strstr(accept, "text/html") : NULL;

	return json && (!html || json < html);
}
