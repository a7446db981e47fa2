#include "web/page-service.h"

#include "registry/registry.h"

#include <string.h>

void page_service_file(const char *name, struct str *out)
{
	size_t begin = out->length;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
		bool is_plain = (*c >= '0' && *c <= '9') || strchr("-_+", *c) ||
				(*c == '.' && out->length > begin);

		if (is_letter)
			str_append_char(out, (char)(*c | 0x20));
		else if (is_plain)
			str_append_char(out, (char)*c);
		else
			str_printf(out, "=%02X", *c);
	}
}

bool page_service_is_there(const struct page *p, const char *name)
{
	struct registry_rows rows;
	struct registry_row row;

	if (!p->ports)
		return true;
	rows = registry_by_name(p->from->registry, name);
	for (uint32_t i = 0; i < rows.n; i++) {
		if (registry_row(p->from->registry, rows.ids[i], &row) == 0 && row.has_ports &&
		    row.first <= p->ports->last && row.last >= p->ports->first)
			return true;
	}
	return false;
}
