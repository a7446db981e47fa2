#include "web/page-service.h"

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
