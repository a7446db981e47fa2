#include "live/scrub.h"

#include "base/str.h"
#include "live/live.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ORDINARY_UID = 1000,
	NOBODY_UID = 65534,
	FIRST_ORDINARY_UID_MACOS = 500,
	SHORT_ID = 12, /* hex digits of a container id that are kept */
	LONG_HEX = 32, /* this many hex digits in a row are an id */
};

/* -2, as a number without sign. */
#define NOBODY_UID_MACOS (UINT32_MAX - 1)

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_ordinary(const struct scrub *s, uint32_t uid)
{
	if (s->system == LIVE_MACOS)
		return uid >= FIRST_ORDINARY_UID_MACOS && uid != NOBODY_UID_MACOS;
	return uid >= FIRST_ORDINARY_UID && uid != NOBODY_UID;
}

static enum scrub_kind kind_of_v4(const uint8_t *b)
{
	bool is_private = b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
			  (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64);

	if (is_private || b[0] == 0 || b[0] == 127 || b[0] >= 224 || (b[0] == 169 && b[1] == 254))
		return SCRUB_KEPT;
	return SCRUB_PUBLIC_V4;
}

/* `a` is not v4-mapped. */
static enum scrub_kind kind_of(const struct address *a)
{
	const uint8_t *b = a->bytes;

	if (a->family == ADDRESS_IPV4)
		return kind_of_v4(b);
	if (address_is_wildcard(a) || address_is_loopback(a))
		return SCRUB_KEPT;
	if (b[0] == 0xff)
		return (b[1] & 0xf0) == 0 ? SCRUB_KEPT : SCRUB_MULTICAST_V6;
	if (address_is_link_local(a))
		return SCRUB_LINK_LOCAL;
	return (b[0] & 0xfe) == 0xfc ? SCRUB_UNIQUE_LOCAL : SCRUB_GLOBAL_V6;
}

/* The form in which addresses are kept and compared: unmapped, no zone. */
static struct address plain_form(const struct address *a)
{
	struct address plain = address_unmapped(a);

	plain.scope_id = 0;
	return plain;
}

static int compare_addresses(const void *pa, const void *pb)
{
	const struct address *a = pa, *b = pb;
	enum scrub_kind kind_a = kind_of(a), kind_b = kind_of(b);

	if (kind_a != kind_b)
		return kind_a < kind_b ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* Accounts of Windows that are the same on every machine. Where it speaks another language they
 * have other names, and count as ordinary ones. */
static bool is_system_account(const char *name)
{
	static const char *const authorities[] = {"NT AUTHORITY\\",   "NT SERVICE\\", "BUILTIN\\",
						  "Window Manager\\", "IIS APPPOOL\\",
						  "Font Driver Host\\"};

	for (size_t i = 0; i < N_ELEMENTS(authorities); i++) {
		if (str_starts_with(name, authorities[i]))
			return true;
	}
	return false;
}

static const struct scrub_user *find_user(const struct scrub *s, const char *name)
{
	for (size_t i = 0; i < s->n_users; i++) {
		if (strcmp(s->users[i].name, name) == 0)
			return &s->users[i];
	}
	return NULL;
}

static void add_user(struct scrub *s, const char *name, const char *label)
{
	struct scrub_user *user;
	struct str escaped = {0};

	if (!*name || find_user(s, name))
		return;
	user = ARENA_PUSH(s->arena, s->users, s->n_users, s->users_capacity);
	if (!user)
		return;
	user->label = label;
	user->name = name;
	if (!strchr(name, '-'))
		return;
	for (const char *c = name; *c; c++)
		str_append_bytes(&escaped, *c == '-' ? "\\x2d" : c, *c == '-' ? 4 : 1);
	user->escaped = arena_strdup(s->arena, str_text(&escaped));
	str_fini(&escaped);
}

void scrub_learn_user(struct scrub *s, uint32_t uid, const char *name)
{
	const char *label, *own;

	if (!name || find_user(s, name))
		return;
	if (uid != LIVE_UID_NONE) {
		if (is_ordinary(s, uid))
			add_user(s, name, arena_printf(s->arena, "user%u", uid));
		return;
	}
	if (is_system_account(name))
		return;
	label = arena_printf(s->arena, "user%u", ++s->n_unnumbered);
	own = strrchr(name, '\\');
	add_user(s, name, label);
	if (own)
		add_user(s, own + 1, label);
}

void scrub_learn_address(struct scrub *s, const struct address *a)
{
	const struct address plain = plain_form(a);
	struct address *added;

	if (kind_of(&plain) == SCRUB_KEPT)
		return;
	added = ARENA_PUSH(s->arena, s->addresses, s->n_addresses, s->addresses_capacity);
	if (added)
		*added = plain;
}

/* The longest address at the start of `text`: how many characters it takes; 0 = there is none. */
static size_t match_address(const char *text, struct address *out)
{
	char candidate[ADDRESS_TEXT_SIZE];
	size_t n = strspn(text, "0123456789abcdefABCDEF:.");

	for (n = MIN_OF(n, sizeof(candidate) - 1); n >= 2; n--) {
		memcpy(candidate, text, n);
		candidate[n] = '\0';
		if (address_parse(candidate, out) == 0)
			return n;
	}
	return 0;
}

void scrub_learn_text(struct scrub *s, const char *text)
{
	struct address a;

	for (size_t i = 0; text && text[i];) {
		size_t n = i > 0 && is_alnum(text[i - 1]) ? 0 : match_address(text + i, &a);

		if (n > 0)
			scrub_learn_address(s, &a);
		i += MAX_OF(n, 1);
	}
}

void scrub_settle(struct scrub *s)
{
	size_t n = 0;

	if (s->n_addresses > 1)
		qsort(s->addresses, s->n_addresses, sizeof(*s->addresses), compare_addresses);
	for (size_t i = 0; i < s->n_addresses; i++) {
		if (n == 0 || compare_addresses(&s->addresses[n - 1], &s->addresses[i]) != 0)
			s->addresses[n++] = s->addresses[i];
	}
	s->n_addresses = n;
	for (size_t i = n; i > 0; i--)
		s->first_of_kind[kind_of(&s->addresses[i - 1])] = i - 1;
}

/* The first learnt address that does not come before `a`. */
static size_t lower_bound(const struct scrub *s, const struct address *a)
{
	size_t low = 0, high = s->n_addresses;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_addresses(&s->addresses[middle], a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The number `n` (from 0) of the addresses that stand for public ones. */
static void stand_in_v4(size_t n, uint8_t *b)
{
	static const uint8_t nets[3][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
	const size_t per_net = 254;
	size_t rest;

	if (n < N_ELEMENTS(nets) * per_net) {
		memcpy(b, nets[n / per_net], 3);
		b[3] = (uint8_t)(n % per_net + 1);
		return;
	}
	rest = (n - N_ELEMENTS(nets) * per_net) % (1U << 17);
	b[0] = 198;
	b[1] = (uint8_t)(18 + (rest >> 16));
	b[2] = (uint8_t)(rest >> 8);
	b[3] = (uint8_t)rest;
}

static struct address stand_in(enum scrub_kind kind, size_t n)
{
	static const uint8_t prefixes[][4] = {
		[SCRUB_GLOBAL_V6] = {0x20, 0x01, 0x0d, 0xb8},
		[SCRUB_UNIQUE_LOCAL] = {0xfd},
		[SCRUB_LINK_LOCAL] = {0xfe, 0x80},
		[SCRUB_MULTICAST_V6] = {0xff, 0x1e},
	};
	struct address a = {.family = ADDRESS_IPV6};

	if (kind == SCRUB_PUBLIC_V4) {
		a.family = ADDRESS_IPV4;
		stand_in_v4(n, a.bytes);
		return a;
	}
	memcpy(a.bytes, prefixes[kind], sizeof(prefixes[kind]));
	n++;
	for (size_t i = 15; i >= 12; i--, n >>= 8)
		a.bytes[i] = (uint8_t)n;
	return a;
}

struct address scrub_address(const struct scrub *s, const struct address *a)
{
	const struct address plain = plain_form(a);
	enum scrub_kind kind = kind_of(&plain);
	size_t at = lower_bound(s, &plain);
	struct address replaced;

	if (at == s->n_addresses || compare_addresses(&s->addresses[at], &plain) != 0)
		return *a;
	replaced = stand_in(kind, at - s->first_of_kind[kind]);
	if (address_is_v4_mapped(a)) {
		struct address mapped = *a;

		memcpy(mapped.bytes + 12, replaced.bytes, 4);
		return mapped;
	}
	replaced.scope_id = a->scope_id;
	return replaced;
}

const char *scrub_user(const struct scrub *s, uint32_t uid, const char *name)
{
	const struct scrub_user *user;

	if (!name || uid != LIVE_UID_NONE)
		return name && is_ordinary(s, uid) ? arena_printf(s->arena, "user%u", uid) : name;
	user = find_user(s, name);
	return user ? user->label : name;
}

static size_t match_word(const char *text, const char *word)
{
	size_t n = word ? strlen(word) : 0;

	return n > 0 && strncmp(text, word, n) == 0 && !is_alnum(text[n]) ? n : 0;
}

/* The longest user name at the start of `text`, which begins a word. */
static size_t match_user(const struct scrub *s, const char *text, const struct scrub_user **out)
{
	size_t longest = 0;

	for (size_t i = 0; i < s->n_users; i++) {
		size_t n = match_word(text, s->users[i].name);

		n = MAX_OF(n, match_word(text, s->users[i].escaped));
		if (n > longest)
			*out = &s->users[i];
		longest = MAX_OF(n, longest);
	}
	return longest;
}

/* `n` bytes of a text with its user names replaced. */
static void append_users_replaced(const struct scrub *s, const char *text, size_t n,
				  struct str *out)
{
	for (size_t i = 0; i < n;) {
		bool is_start = i == 0 || !is_alnum(text[i - 1]);
		const struct scrub_user *user = NULL;
		size_t matched = is_start ? match_user(s, text + i, &user) : 0;

		if (matched > 0)
			str_append(out, user->label ? user->label : "user");
		else
			str_append_char(out, text[i]);
		i += MAX_OF(matched, 1);
	}
}

/* "C:\..." or "\\...": Windows has its own separators. */
static bool is_windows_path(const char *path)
{
	if (path[0] == '\\' && path[1] == '\\')
		return true;
	return is_alnum(path[0]) && path[1] == ':' && path[2] == '\\';
}

static bool starts_without_case(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != prefix[i])
			return false;
	}
	return true;
}

/* Directories whose names tell what is installed, not who uses it. */
static bool is_told(const char *path)
{
	static const char *const told[] = {"/usr/",   "/bin/",    "/sbin/", "/lib/", "/lib32/",
					   "/lib64/", "/libx32/", "/opt/",  "/nix/", "/proc/",
					   "/System/", "/Library/", "/Applications/"};
	static const char *const told_windows[] = {":\\windows\\", ":\\program files\\",
						   ":\\program files (x86)\\"};

	for (size_t i = 0; is_windows_path(path) && i < N_ELEMENTS(told_windows); i++) {
		if (starts_without_case(path + 1, told_windows[i]))
			return !strstr(path, "\\..\\");
	}
	for (size_t i = 0; i < N_ELEMENTS(told); i++) {
		if (str_starts_with(path, told[i]))
			return !strstr(path, "/../");
	}
	return false;
}

/* A path up to its last separator. Returns its base name. */
static const char *append_directory(const struct scrub *s, const char *path, struct str *out)
{
	char separator = is_windows_path(path) ? '\\' : '/';
	const char *last = strrchr(path, separator);

	if (!last)
		return path;
	if (is_told(path))
		append_users_replaced(s, path, (size_t)(last - path), out);
	else if (last[1])
		str_append(out, "...");
	str_append_char(out, separator);
	return last + 1;
}

/* The finished text in the arena. */
static const char *finish(const struct scrub *s, struct str *text)
{
	const char *kept = NULL;

	if (text->has_failed)
		s->arena->has_failed = true;
	else
		kept = arena_strdup(s->arena, str_text(text));
	str_fini(text);
	return kept;
}

const char *scrub_path(const struct scrub *s, const char *path)
{
	struct str out = {0};

	if (!path)
		return NULL;
	str_append(&out, append_directory(s, path, &out));
	return finish(s, &out);
}

/* A path inside a text, up to a blank or closing mark. Returns how many characters it took. */
/* NOLINTNEXTLINE(misc-no-recursion): a base name has no slash: once */
static size_t append_path_in_text(const struct scrub *s, const char *text, struct str *out)
{
	/* Those of Windows are full of blanks. */
	size_t n = is_windows_path(text) ? 2 + strcspn(text + 2, "\t\n\"';")
					 : strcspn(text, " \t\n\"'),;:");
	char *path = arena_strndup(s->arena, text, n);

	const char *base = path ? scrub_text(s, append_directory(s, path, out)) : NULL;

	if (base)
		str_append(out, base);
	return n;
}

static size_t append_address_in_text(const struct scrub *s, const char *text, struct str *out)
{
	char shown[ADDRESS_TEXT_SIZE];
	struct address a;
	size_t n = match_address(text, &a);

	if (n > 0) {
		a = scrub_address(s, &a);
		str_append(out, address_format(&a, shown));
	}
	return n;
}

/* What stands at the start of a word: how many characters were replaced; 0 = nothing. */
/* NOLINTNEXTLINE(misc-no-recursion): as above */
static size_t append_stand_in(const struct scrub *s, const char *text, struct str *out)
{
	const struct scrub_user *user = NULL;
	size_t n;

	if (*text == '/' || is_windows_path(text))
		return append_path_in_text(s, text, out);
	n = append_address_in_text(s, text, out);
	if (n > 0)
		return n;
	for (n = 0; is_hex(text[n]);)
		n++;
	if (n >= LONG_HEX) {
		str_append_bytes(out, text, SHORT_ID);
		return n;
	}
	n = match_user(s, text, &user);
	if (n > 0)
		str_append(out, user->label ? user->label : "user");
	return n;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
const char *scrub_text(const struct scrub *s, const char *text)
{
	struct str out = {0};

	for (size_t i = 0; text && text[i];) {
		bool is_start = i == 0 || !is_alnum(text[i - 1]);
		size_t n = is_start ? append_stand_in(s, text + i, &out) : 0;

		if (n == 0)
			str_append_char(&out, text[i]);
		i += MAX_OF(n, 1);
	}
	return text ? finish(s, &out) : NULL;
}

const char *scrub_container(const struct scrub *s, const char *container)
{
	size_t n = 0;

	while (container && is_hex(container[n]))
		n++;
	if (n > SHORT_ID && !container[n])
		return arena_strndup(s->arena, container, SHORT_ID);
	return scrub_text(s, container);
}
