/*
 * The Windows header of that name: its own has the same structures (base/winsock-windows.h says
 * what else differs). The build puts this folder on the include path there, and nowhere else.
 */
#pragma once

#include <winsock2.h>

#include <ws2tcpip.h>
