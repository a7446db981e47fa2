/*
 * Fuzz target: every line of /proc that is parsed. The first byte chooses the parser.
 */
#include "base/arena.h"
#include "live/fdscan-linux.h"
#include "live/mounts-linux.h"
#include "live/passwd.h"
#include "live/proc-linux.h"
#include "live/rules-linux.h"
#include "live/table-linux.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void take_inode(uint32_t inode, void *context BERTH_UNUSED)
{
	demand(inode != 0);
}

static void try_table(const char *text, size_t n, enum transport t)
{
	struct live_socket s;

	if (table_parse_line(text, n, t, &s) != 0)
		return;
	demand(s.transport == t && s.cookie == 0);
	demand(s.has_remote == (s.state == LIVE_CONNECTION || s.state == LIVE_TIME_WAIT));
}

static void try_stat(const char *text, size_t n)
{
	struct proc_stat stat;

	if (proc_parse_stat(text, n, &stat) == 0)
		demand(strnlen(stat.comm, sizeof(stat.comm)) < sizeof(stat.comm));
}

static void try_mount(char *text)
{
	struct mount_line m;

	if (mounts_parse_line(text, &m) == 0)
		demand(m.root && m.point && m.type && m.options);
}

static void try_command(struct arena *arena, const char *text, size_t n)
{
	const char *const *command = proc_split_command(arena, text, n);
	size_t total = 0;

	for (size_t i = 0; command && command[i]; i++)
		total += strlen(command[i]) + 1;
	demand(total <= n + 1);
}

static void try_rules(struct arena *arena, const char *text)
{
	const struct live_span *spans;
	struct live_span span;
	size_t n;

	if (rules_parse_range(text, &span) == 0)
		demand(span.first <= span.last);
	if (rules_parse_list(arena, text, &spans, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		demand(spans[i].first <= spans[i].last);
}

static void try_passwd(const char *text, size_t n)
{
	struct passwd *p;

	if (passwd_parse(text, n, &p) < 0)
		return;
	(void)passwd_name(p, 0);
	passwd_close(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena arena = {0};
	char *text;

	if (n < 1)
		return 0;
	text = malloc(n); /* one byte less, one terminator more */
	demand(text != NULL);
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = '\0';
	switch (bytes[0] % 9) {
	case 0:
		try_stat(text, n - 1);
		break;
	case 1:
		try_table(text, n - 1, TRANSPORT_TCP);
		break;
	case 2:
		try_table(text, n - 1, TRANSPORT_UDP);
		break;
	case 3:
		try_mount(text);
		break;
	case 4:
		try_command(&arena, text, n - 1);
		break;
	case 5:
		fdscan_parse_ring(text, take_inode, NULL);
		break;
	case 6:
		try_rules(&arena, text);
		break;
	case 7:
		try_passwd(text, n - 1);
		break;
	case 8:
		(void)proc_link_inode(text, n - 1);
		break;
	}
	free(text);
	arena_fini(&arena);
	return 0;
}
