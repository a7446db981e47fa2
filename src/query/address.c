#include "query/address.h"

#include "base/str.h"
#include "query/ip-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const exposure_names[] = {
	[EXPOSURE_LOOPBACK] = "loopback", [EXPOSURE_LINK] = "link",
	[EXPOSURE_INTERFACE] = "interface", [EXPOSURE_ALL_V4] = "all-v4",
	[EXPOSURE_ALL_V6] = "all-v6", [EXPOSURE_ALL] = "all",
};

char *address_format(const struct address *a, char *text)
{
	if (a->family == ADDRESS_IPV4)
		ip_text_format_v4(a->bytes, text);
	else
		ip_text_format_v6(a->bytes, text);
	if (a->scope_id != 0) {
		size_t n = strlen(text);

		snprintf(text + n, ADDRESS_TEXT_SIZE - n, "%%%u", a->scope_id);
	}
	return text;
}

/* Split "addr%zone" with optional brackets into `host` (64 bytes) and the zone. */
static int split_zone(const char *text, char *host, uint32_t *zone)
{
	size_t n = strlen(text);
	const char *percent;
	uint64_t value = 0;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= 64)
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	percent = strchr(host, '%');
	if (percent) {
		if (str_parse_u64(percent + 1, strlen(percent + 1), UINT32_MAX, &value) < 0)
			return -EINVAL;
		host[percent - host] = '\0';
	}
	*zone = (uint32_t)value;
	return 0;
}

int address_parse(const char *text, struct address *out)
{
	struct address a = {0};
	char host[64];

	if (split_zone(text, host, &a.scope_id) < 0)
		return -EINVAL;
	if (text[0] != '[' && a.scope_id == 0 && ip_text_parse_v4(host, a.bytes) == 0) {
		a.family = ADDRESS_IPV4;
	} else if (ip_text_parse_v6(host, a.bytes) == 0) {
		a.family = ADDRESS_IPV6;
	} else {
		return -EINVAL;
	}
	*out = a;
	return 0;
}

bool address_is_wildcard(const struct address *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, a->family == ADDRESS_IPV4 ? 4 : 16) == 0;
}

bool address_is_v4_mapped(const struct address *a)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return a->family == ADDRESS_IPV6 && memcmp(a->bytes, prefix, sizeof(prefix)) == 0;
}

struct address address_unmapped(const struct address *a)
{
	struct address v4 = {.family = ADDRESS_IPV4};

	if (!address_is_v4_mapped(a))
		return *a;
	memcpy(v4.bytes, a->bytes + 12, 4);
	return v4;
}

bool address_is_loopback(const struct address *a)
{
	static const uint8_t one[16] = {[15] = 1};
	const struct address plain = address_unmapped(a);

	if (plain.family == ADDRESS_IPV4)
		return plain.bytes[0] == 127;
	return memcmp(plain.bytes, one, sizeof(one)) == 0;
}

bool address_is_link_local(const struct address *a)
{
	const struct address plain = address_unmapped(a);

	if (plain.family == ADDRESS_IPV4)
		return plain.bytes[0] == 169 && plain.bytes[1] == 254;
	return plain.bytes[0] == 0xfe && (plain.bytes[1] & 0xc0) == 0x80;
}

bool address_is_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->scope_id == b->scope_id &&
	       memcmp(a->bytes, b->bytes, a->family == ADDRESS_IPV4 ? 4 : 16) == 0;
}

enum exposure address_exposure(const struct address *local, bool is_dual_stack, bool has_device)
{
	const struct address plain = address_unmapped(local);

	if (address_is_loopback(&plain))
		return EXPOSURE_LOOPBACK;
	if (address_is_link_local(&plain))
		return EXPOSURE_LINK;
	if (has_device || !address_is_wildcard(&plain))
		return EXPOSURE_INTERFACE;
	if (plain.family == ADDRESS_IPV4)
		return EXPOSURE_ALL_V4;
	return is_dual_stack ? EXPOSURE_ALL : EXPOSURE_ALL_V6;
}

const char *address_exposure_name(enum exposure e)
{
	return (size_t)e < N_ELEMENTS(exposure_names) ? exposure_names[e] : "?";
}

int address_exposure_parse(const char *name, enum exposure *out)
{
	for (unsigned int i = 0; i < N_ELEMENTS(exposure_names); i++) {
		if (strcmp(name, exposure_names[i]) == 0) {
			*out = (enum exposure)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *address_family_name(enum address_family f)
{
	return f == ADDRESS_IPV4 ? "ipv4" : "ipv6";
}
