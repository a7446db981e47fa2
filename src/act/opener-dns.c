/* DNS (RFC 1035 4.1): a query with one question, over UDP or, behind its length, over TCP. */
#include "act/opener-parts.h"

enum { LONGEST_LABEL = 63, LONGEST_NAME = 255, MOST_RECORDS = 16 };

/* A name in labels, without compression: a question stands first and has nothing to point to. */
static bool read_name(struct opener_bytes *b, char *out, size_t size)
{
	size_t used = 0, total = 0;

	out[0] = '\0';
	for (;;) {
		struct opener_bytes label;
		uint32_t length;

		if (!opener_number(b, 1, &length) || length > LONGEST_LABEL)
			return false;
		if (length == 0)
			return true;
		total += length + 1;
		if (total > LONGEST_NAME || !opener_take(b, length, &label))
			return false;
		if (used > 0 && used + 1 < size)
			out[used++] = '.';
		opener_escape(label.at, label.n, out + used, size - used);
		used += strlen(out + used);
	}
}

static const char *type_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} types[] = {
		{1, "A"},      {2, "NS"},    {5, "CNAME"},   {6, "SOA"},   {12, "PTR"},
		{15, "MX"},    {16, "TXT"},  {28, "AAAA"},   {33, "SRV"},  {43, "DS"},
		{48, "DNSKEY"}, {64, "SVCB"}, {65, "HTTPS"}, {252, "AXFR"}, {255, "ANY"},
	};

	for (size_t i = 0; i < N_ELEMENTS(types); i++) {
		if (types[i].type == type)
			return types[i].name;
	}
	return "query";
}

bool opener_dns(struct opener_bytes b, bool is_datagram, struct opener *out)
{
	uint32_t length, id, flags, counts[4], type, class;
	char name[OPENER_NAME_SIZE];

	if (!is_datagram && (!opener_number(&b, 2, &length) || length < 17 || length > b.n))
		return false;
	if (!opener_number(&b, 2, &id) || !opener_number(&b, 2, &flags))
		return false;
	for (size_t i = 0; i < N_ELEMENTS(counts); i++) {
		if (!opener_number(&b, 2, &counts[i]) || counts[i] > MOST_RECORDS)
			return false;
	}
	/* No answer, an operation that exists, one question, nothing answered yet. */
	if (flags & 0x8000 || (flags >> 11 & 15) > 6 || flags & 0x40 || counts[0] != 1 ||
	    counts[1] != 0)
		return false;
	if (!read_name(&b, name, sizeof(name)) || !opener_number(&b, 2, &type) ||
	    !opener_number(&b, 2, &class) || ((class & 0x7fff) != 1 && class != 255 && class != 3))
		return false;
	out->protocol = "dns";
	memcpy(out->name, name, sizeof(name));
	opener_escape(type_name(type), strlen(type_name(type)), out->request,
		      sizeof(out->request));
	out->is_complete = true;
	return true;
}
