/*
 * Fuzz target: unit files. The first byte chooses the unit's name and kind, the rest is the file.
 */
#include "live/units.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void try_socket(const char *name, const char *text, size_t n, struct arena *arena)
{
	struct live_namespace ns = {.is_here = true};
	struct unit_socket u = {.name = name, .arena = arena};
	const char *service;

	demand(unit_read_socket(&u, text, n));
	demand(u.n_listens <= UNITS_LISTENS_MAX);
	service = unit_service_of(&u);
	demand(!service || unit_is_name(service, ".service") || strstr(service, "@.service"));
	for (size_t i = 0; i < u.n_listens; i++) {
		struct live_socket s = {
			.transport = u.listens[i].is_stream ? TRANSPORT_TCP : TRANSPORT_UDP,
			.local = u.listens[i].address,
			.local_port = u.listens[i].port,
			.interface = u.device ? u.device : u.listens[i].interface,
			.is_dual_stack = u.v6only == UNIT_V6ONLY_NO,
			.ns = &ns,
		};

		demand(u.listens[i].port != 0);
		demand(u.has_protocol || s.local.scope_id || unit_is_listening(&u, &s));
		s.local_port++;
		(void)!unit_is_listening(&u, &s);
	}
}

static void try_service(const char *name, const char *text, size_t n, struct arena *arena)
{
	struct unit_service u = {.name = name, .arena = arena};
	size_t n_words = 0;

	demand(unit_read_service(&u, text, n));
	while (u.command && u.command[n_words])
		n_words++;
	demand(!u.command || (n_words > 0 && n_words <= UNITS_WORDS_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const names[] = {"a.socket", "web@8080.socket",
					    "x-y@\\x31-\\.socket", "a.service", "a@b.service"};
	const char *name = names[n > 0 ? bytes[0] % N_ELEMENTS(names) : 0];
	struct arena arena = {0};
	char *text;

	n -= n > 0;
	if (n > UNITS_FILE_MAX)
		return 0;
	/* Exact, so that a sanitizer sees what is read behind it. */
	text = malloc(n ? n : 1);
	demand(text != NULL);
	if (n > 0)
		memcpy(text, bytes + 1, n);
	if (strstr(name, ".socket"))
		try_socket(name, text, n, &arena);
	else
		try_service(name, text, n, &arena);
	free(text);
	arena_fini(&arena);
	return 0;
}
