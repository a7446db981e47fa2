/*
 * Fuzz target: the state files of container runtimes, the replies of their APIs, and the scanner of
 * JSON below them. What comes out is text without NUL, and a scan always ends.
 */
#include "live/container-state.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(const char *text, size_t n)
{
	if (text && strlen(text) > n + 4)
		abort();
}

static bool read_reply(const char *bytes, size_t n, struct arena *arena,
		       struct live_container *out)
{
	const char *id = out->id;
	int r = container_state_reply(bytes, n, arena, out);

	if (r > 599 || out->id != id || (r == 0) != (out->name != NULL) || (r != 0 && out->image))
		abort();
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static bool (*const readers[])(const char *, size_t, struct arena *,
				       struct live_container *) = {
		container_state_docker, container_state_storage, container_state_bundle,
		read_reply};

	for (size_t i = 0; i < N_ELEMENTS(readers); i++) {
		struct live_container c = {.id = "3e8a0e9480906d030a2387686cfc755a"
						 "ac0e87ddf49cfb820c8488a603cd53d7"};
		struct arena arena = {0};
		char *exact = malloc(n ? n : 1); /* a sanitizer sees the first byte behind */

		if (!exact)
			abort();
		memcpy(exact, bytes, n);
		(void)!readers[i](exact, n, &arena, &c);
		check(c.name, n);
		check(c.image, n);
		free(exact);
		arena_fini(&arena);
	}
	return 0;
}
