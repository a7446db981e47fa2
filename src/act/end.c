#include "act/end.h"

#include "base/environment.h"
#include "base/str.h"

#include <string.h>

/* "10.0.0.7 51234 10.0.0.2 22": the last word is the port of the server. */
uint16_t end_login_port(void)
{
	const char *text = environment_get("SSH_CONNECTION");
	const char *port = text ? strrchr(text, ' ') : NULL;
	uint64_t number;

	if (!port || str_parse_u64(port + 1, strlen(port + 1), UINT16_MAX, &number) < 0)
		return 0;
	return (uint16_t)number;
}
