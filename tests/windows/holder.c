/*
 * holder: a program of Windows that holds sockets until its standard input ends.
 *
 * Listens on a TCP port of 127.0.0.1 and of ::1, binds a UDP port of 127.0.0.1 and sends itself a
 * datagram (wine tells whose a socket is only once it was used), then prints
 *
 *     PID TCP4 TCP6 UDP4
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <ws2tcpip.h>

static void stop(const char *what)
{
	fprintf(stderr, "holder: %s: %d\n", what, WSAGetLastError());
	exit(EXIT_FAILURE);
}

/* A bound socket and its port. */
static SOCKET hold(int family, int type, uint16_t *port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *name = family == AF_INET ? (void *)&v4 : (void *)&v6;
	int size = family == AF_INET ? (int)sizeof(v4) : (int)sizeof(v6);
	SOCKET s = socket(family, type, 0);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s == INVALID_SOCKET || bind(s, name, size) != 0)
		stop("bind");
	if (type == SOCK_STREAM && listen(s, 5) != 0)
		stop("listen");
	if (getsockname(s, name, &size) != 0)
		stop("getsockname");
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return s;
}

static void use(SOCKET s, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	char byte = 'x';

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (sendto(s, &byte, 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1 ||
	    recv(s, &byte, 1, 0) != 1)
		stop("use");
}

int main(void)
{
	uint16_t tcp4, tcp6, udp4;
	WSADATA data;
	SOCKET s;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		stop("WSAStartup");
	hold(AF_INET, SOCK_STREAM, &tcp4);
	hold(AF_INET6, SOCK_STREAM, &tcp6);
	s = hold(AF_INET, SOCK_DGRAM, &udp4);
	use(s, udp4);
	printf("%lu %u %u %u\n", GetCurrentProcessId(), tcp4, tcp6, udp4);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}
