/* Likewise: see netinet/in.h beside it. */
#pragma once

#include <netinet/in.h>
