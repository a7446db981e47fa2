#include "base/winsock-windows.h"

#include <errno.h>
#include <winsock2.h>

int winsock_wake(void)
{
	WSADATA data;

	return WSAStartup(MAKEWORD(2, 2), &data) == 0 ? 0 : -EIO;
}

int winsock_errno(int error)
{
	static const struct {
		int error, number;
	} known[] = {
		{WSAECONNREFUSED, ECONNREFUSED}, {WSAETIMEDOUT, ETIMEDOUT},
		{WSAEHOSTUNREACH, EHOSTUNREACH}, {WSAENETUNREACH, ENETUNREACH},
		{WSAENETDOWN, ENETUNREACH},	 {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
		{WSAEACCES, EACCES},		 {WSAEAFNOSUPPORT, EAFNOSUPPORT},
		{WSAECONNRESET, ECONNRESET},	 {WSAECONNABORTED, ECONNABORTED},
		{WSAENOBUFS, ENOBUFS},		 {WSAEMFILE, EMFILE},
		{WSAEADDRINUSE, EADDRINUSE},	 {WSAEWOULDBLOCK, EAGAIN},
		{WSAEINTR, EAGAIN},		 {WSAEPROTONOSUPPORT, EPROTONOSUPPORT},
		{WSAENETRESET, ECONNRESET},	 {WSAESHUTDOWN, EPIPE},
		{WSAENOTCONN, ENOTCONN},	 {WSAEINVAL, EINVAL},
		{WSAEFAULT, EFAULT},		 {WSAENOTSOCK, ENOTSOCK},
	};

	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (known[i].error == error)
			return known[i].number;
	}
	return EIO;
}
