#include "act/dial.h"

#include "base/lang.h"
#include "base/wide-windows.h"
#include "base/winsock-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <ws2tcpip.h>

int64_t dial_now_ms(void)
{
	return (int64_t)GetTickCount64();
}

static bool fill_address(const struct sockaddr *from, struct address *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	*out = (struct address){.family = ADDRESS_IPV4};
	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		memcpy(out->bytes, &v4.sin_addr, 4);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(&v6, from, sizeof(v6));
	out->family = ADDRESS_IPV6;
	memcpy(out->bytes, &v6.sin6_addr, 16);
	out->scope_id = v6.sin6_scope_id;
	return true;
}

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

		if (!fill_address(info->ai_addr, &address))
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

/* Wait for a started connection. Returns 0 or a positive errno. */
static int finish(SOCKET s, int64_t timeout_ms)
{
	int64_t ms = MAX_OF(timeout_ms, 0);
	struct timeval wait = {.tv_sec = (long)(ms / 1000), .tv_usec = (long)(ms % 1000) * 1000};
	fd_set done, failed;
	int error = 0, size = sizeof(error), r;

	FD_ZERO(&done);
	FD_ZERO(&failed);
	done.fd_array[done.fd_count++] = s;
	failed.fd_array[failed.fd_count++] = s;
	r = select(0, NULL, &done, &failed, &wait);
	if (r == SOCKET_ERROR)
		return winsock_errno(WSAGetLastError());
	if (r == 0)
		return ETIMEDOUT;
	if (getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &size) == SOCKET_ERROR)
		return winsock_errno(WSAGetLastError());
	return error ? winsock_errno(error) : 0;
}

static int start(SOCKET s, const struct address *a, uint16_t port, int64_t timeout_ms)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port),
				  .sin6_scope_id = a->scope_id};
	bool is_v4 = a->family == ADDRESS_IPV4;
	const struct sockaddr *to = is_v4 ? (const void *)&v4 : (const void *)&v6;
	u_long is_non_blocking = 1;
	int error;

	memcpy(&v4.sin_addr, a->bytes, 4);
	memcpy(&v6.sin6_addr, a->bytes, 16);
	if (ioctlsocket(s, (long)FIONBIO, &is_non_blocking) == SOCKET_ERROR)
		return winsock_errno(WSAGetLastError());
	if (connect(s, to, is_v4 ? (int)sizeof(v4) : (int)sizeof(v6)) == 0)
		return 0;
	error = WSAGetLastError();
	return error == WSAEWOULDBLOCK ? finish(s, timeout_ms) : winsock_errno(error);
}

int dial_try(const struct address *a, uint16_t port, int64_t timeout_ms)
{
	SOCKET s;
	int error;

	if (winsock_wake() != 0)
		return EIO;
	s = WSASocketW(a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM, IPPROTO_TCP,
		       NULL, 0, WSA_FLAG_NO_HANDLE_INHERIT);
	if (s == INVALID_SOCKET)
		return winsock_errno(WSAGetLastError());
	error = start(s, a, port, timeout_ms);
	closesocket(s);
	return error;
}
