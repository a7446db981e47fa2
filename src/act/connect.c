#include "act/connect.h"

#include "act/attempt.h"
#include "act/dial.h"
#include "base/lang.h"

#include <errno.h>
#include <string.h>

static const char *result_of(int error)
{
	switch (error) {
	case 0:
		return "open";
	case ECONNREFUSED:
		return "refused";
	case ETIMEDOUT:
		return "timed-out";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
		return "unreachable";
	default:
		return "failed";
	}
}

const struct answer_remote *connect_once(const char *host, uint16_t port, int timeout_ms,
					 struct arena *arena)
{
	struct answer_remote *out = arena_alloc(arena, sizeof(*out));
	struct dial_names names;
	int64_t start;
	int error = 0;

	if (!out || dial_resolve(host, arena, &names) < 0)
		return NULL;
	*out = (struct answer_remote){.host = arena_strdup(arena, host),
				      .result = "unresolved",
				      .error = names.error,
				      .milliseconds = ANSWER_NULL};
	if (names.error)
		return out;
	start = attempt_now_ms();
	for (size_t i = 0; i < names.n; i++) {
		char text[ADDRESS_TEXT_SIZE];

		out->address = arena_strdup(arena, address_format(&names.addresses[i], text));
		error = dial_try(&names.addresses[i], port, start + timeout_ms - attempt_now_ms());
		if (error == 0)
			break;
	}
	out->milliseconds = attempt_now_ms() - start;
	out->result = result_of(error);
	out->error = error ? arena_strdup(arena, lang_error(error)) : NULL;
	return out;
}
