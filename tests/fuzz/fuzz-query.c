/* The question of a command line: any bytes give a query or one clean line. */
#include "query/address.h"
#include "query/query.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_address(const char *text)
{
	char back[ADDRESS_TEXT_SIZE];
	struct address a, again;

	if (address_parse(text, &a) < 0)
		return;
	if (address_parse(address_format(&a, back), &again) < 0 || !address_is_equal(&a, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char error[QUERY_ERROR_SIZE] = "";
	char *what = malloc(n + 1);
	struct query q = {.pid = 4711};

	if (!what)
		return 0;
	if (n > 0)
		memcpy(what, bytes, n);
	what[n] = '\0';
	if (query_parse(what, &q, error) == 0) {
		if (q.first > q.last || q.text != what)
			abort();
	} else {
		if (q.pid != 4711 || !error[0])
			abort();
		for (const char *c = error; *c; c++) {
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				abort();
		}
	}
	check_address(what);
	free(what);
	return 0;
}
