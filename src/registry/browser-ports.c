#include "registry/browser-ports.h"

#include "base/attr.h"

/* Made by mkregistry from data/bad-ports.tsv: BROWSER_PORTS (sorted), BROWSER_PORTS_AS_OF. */
#include "registry-browser-ports.h"

static const uint16_t ports[] = {BROWSER_PORTS};

bool registry_is_browser_blocked(uint16_t port)
{
	size_t low = 0, high = N_ELEMENTS(ports);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ports[middle] == port)
			return true;
		if (ports[middle] < port)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

const char *registry_browser_blocked_as_of(void)
{
	return BROWSER_PORTS_AS_OF;
}

const uint16_t *registry_browser_blocked(size_t *n)
{
	*n = N_ELEMENTS(ports);
	return ports;
}
