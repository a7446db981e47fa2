/*
 * nat-dump: the published ports in a recorded rule set of nf_tables, for tests.
 *
 *     nat-dump FILE FIRST LAST [ADDRESS...]     the addresses are the machine's
 *
 * Prints a line for each, as print-published.h says, then "unread N" messages and "cut" if there
 * are any. Exit 0, 2 for bad usage or a file that cannot be read.
 */
#include "base/fd.h"
#include "base/str.h"
#include "helpers/print-published.h"
#include "live/nat-decode.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ADDRESSES = 64, MOST_BYTES = 64 * 1024 * 1024 };

static bool read_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if (str_parse_u64(text, strlen(text), UINT16_MAX, &port) < 0)
		return false;
	*out = (uint16_t)port;
	return true;
}

int main(int argc, char **argv)
{
	struct address addresses[MOST_ADDRESSES];
	struct nat_question q = {.protocols = NAT_TCP | NAT_UDP,
				 .families = NAT_V4 | NAT_V6,
				 .addresses = addresses,
				 .has_addresses = true};
	struct arena arena = {0};
	struct nat_rules rules = {.arena = &arena};
	struct nat_answer answer = {0};
	char *bytes = NULL;
	size_t n = 0;

	if (argc < 4 || argc > MOST_ADDRESSES || !read_port(argv[2], &q.first) ||
	    !read_port(argv[3], &q.last))
		return 2;
	for (int i = 4; i < argc; i++) {
		if (address_parse(argv[i], &addresses[q.n_addresses++]) < 0)
			return 2;
	}
	if (fd_slurp_at(AT_FDCWD, argv[1], MOST_BYTES, &bytes, &n) < 0)
		return 2;
	nat_decode_filter(&rules, &q);
	nat_rules_add(&rules, bytes, n);
	if (nat_decode(&rules, &q, NULL, &arena, &answer) < 0)
		return 2;
	for (size_t i = 0; i < answer.n; i++)
		print_published(&answer.items[i]);
	if (rules.n_unread > 0)
		printf("unread %zu\n", rules.n_unread);
	if (answer.is_cut)
		printf("cut\n");
	nat_rules_fini(&rules);
	arena_fini(&arena);
	free(bytes);
	return 0;
}
