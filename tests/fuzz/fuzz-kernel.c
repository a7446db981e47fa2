/*
 * Fuzz target: what the kernel's drivers say of themselves. The first byte chooses the parser, the
 * rest is the reply or the file.
 */
#include "live/kernel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { SEQUENCE = 7, N_PARSERS = N_KERNEL_TALKS + 4 };

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void check(const struct kernel_ports *ports)
{
	demand(ports->n <= KERNEL_PORTS_MAX && ports->n_wireguards <= KERNEL_PORTS_MAX);
	for (size_t i = 0; i < ports->n; i++) {
		const struct kernel_port *p = &ports->items[i];

		demand(p->driver && p->port != 0 && p->transports != 0);
		demand(p->has_v4 || p->has_v6 || strcmp(p->driver, "fou") == 0 ||
		       strcmp(p->driver, "gue") == 0);
		demand(!p->device || strlen(p->device) < 256);
	}
}

static void parse(int choice, void *bytes, size_t n, struct kernel_ports *ports)
{
	char *text = bytes; /* terminated behind `n` */

	if (choice < N_KERNEL_TALKS) {
		int r = kernel_parse((enum kernel_talk)choice, bytes, n, SEQUENCE, 0, ports);

		demand(r <= 1 && r > -4096);
	} else if (choice == N_KERNEL_TALKS) {
		demand(kernel_parse_family(bytes, n, SEQUENCE, 0) != 0);
	} else if (choice == N_KERNEL_TALKS + 1) {
		(void)!kernel_parse_nsid(bytes, n, SEQUENCE, 0);
	} else if (choice == N_KERNEL_TALKS + 2) {
		kernel_parse_nfsd(text, ports);
	} else {
		kernel_parse_rxrpc(text, ports);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena arena = {0};
	struct kernel_ports ports = {.arena = &arena};
	int choice = n > 0 ? bytes[0] % N_PARSERS : 0;
	bool is_text = choice >= N_KERNEL_TALKS + 2;
	char *aligned;
	size_t size;

	n -= n > 0;
	/* Aligned as the kernel's replies are, and exact: a sanitizer sees what is behind. */
	size = n + (is_text ? 1 : 0);
	aligned = malloc(size > 0 ? size : 1);
	demand(aligned != NULL);
	if (n > 0)
		memcpy(aligned, bytes + 1, n);
	if (is_text)
		aligned[n] = '\0';
	parse(choice, aligned, n, &ports);
	check(&ports);
	free(aligned);
	arena_fini(&arena);
	return 0;
}
