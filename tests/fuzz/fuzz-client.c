/* /proc/PID/status of a portserver's client. */
#include "act/clients-linux.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct client_status status = {.depth = 77};
	char *text = malloc(n + 1);

	if (!text)
		return 0;
	if (n > 0)
		memcpy(text, bytes, n);
	text[n] = '\0';
	if (client_parse_status(text, &status) < 0 ? status.depth != 77 : status.depth == 0)
		abort();
	free(text);
	return 0;
}
