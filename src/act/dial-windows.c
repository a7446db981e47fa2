#include "act/dial.h"

#include "act/place.h"
#include "base/lang.h"
#include "base/wide-windows.h"
#include "base/winsock-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <winsock2.h>

#include <ws2tcpip.h>

/* The system's words for an error, without the line end behind them. */
static const char *words_of(int error, struct arena *arena)
{
	wchar_t wide[512];
	DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
				 (DWORD)error, 0, wide, N_ELEMENTS(wide), NULL);
	const char *words;
	char *text;

	while (n > 0 && (wide[n - 1] == L'\r' || wide[n - 1] == L'\n' || wide[n - 1] == L'.'))
		n--;
	wide[MIN_OF(n, N_ELEMENTS(wide) - 1)] = L'\0';
	text = n > 0 ? wide_to_utf8(wide) : NULL;
	words = arena_strdup(arena, text ? text : _("no such host is known"));
	free(text);
	return words;
}

int dial_resolve(const char *host, struct arena *arena, struct dial_names *out)
{
	const ADDRINFOW hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct dial_names names = {0};
	ADDRINFOW *found = NULL;
	struct address *addresses = NULL;
	size_t capacity = 0;
	wchar_t *wide = wide_from_utf8(host);
	int r = wide && winsock_wake() == 0 ? 0 : WSA_NOT_ENOUGH_MEMORY;

	if (r == 0)
		r = GetAddrInfoW(wide, NULL, &hints, &found);
	free(wide);
	if (r != 0) {
		names.error = words_of(r, arena);
		*out = names;
		return names.error ? 0 : -ENOMEM;
	}
	for (const ADDRINFOW *info = found; info; info = info->ai_next) {
		struct address address, *slot;

		if (!place_read_bytes(info->ai_addr, info->ai_addrlen, &address))
			continue;
		slot = ARENA_PUSH(arena, addresses, names.n, capacity);
		if (slot)
			*slot = address;
		else
			r = -ENOMEM;
	}
	FreeAddrInfoW(found);
	names.addresses = addresses;
	if (r == 0)
		*out = names;
	return r;
}
