#include "cli/claims-edit.h"

#include "act/stake-file.h"
#include "answer/check.h"
#include "base/fd.h"
#include "base/lang.h"
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"
#include "ledger/claims-tree.h"
#include "render/text-claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *path, int error)
{
	switch (error) {
	case -EBADMSG:
		return cli_fail(EXIT_USAGE, "%s has faults (berth check shows them); nothing was "
					    "written", path);
	case -ELOOP:
		return cli_fail(EXIT_USAGE, "%s is a symbolic link, and those are not replaced",
				path);
	case -EINVAL:
		return cli_fail(EXIT_USAGE, "%s is not a regular file", path);
	case -EFBIG:
		return cli_fail(EXIT_USAGE, "%s is larger than the 16 MB that claims files may "
					    "have", path);
	case -ETIMEDOUT:
		return cli_fail(EXIT_SYSTEM, "%s.lock is held by another writer", path);
	default:
		return cli_fail(EXIT_SYSTEM, "%s cannot be replaced: %s", path, lang_error(error));
	}
}

static int refuse(struct cli *c, const char *path, const char *message)
{
	struct answer_ledger record = {.result = "taken", .message = message, .ledger = path};
	int r = c->options->format == FORMAT_TEXT ? 0 : ledger_answer_put(c, &record);

	if (r != 0)
		return r;
	return c->options->is_quiet ? EXIT_NO : cli_fail(EXIT_NO, "%s", message);
}

int claims_edit_append(struct cli *c, const char *path, const struct claim *wanted, size_t n,
		       const char *today)
{
	struct answer_claim *claims = arena_calloc(&c->arena, n, sizeof(*claims));
	struct answer_ledger record = {.result = "claimed", .ledger = path, .is_file = true};
	struct stake_file done = {0};
	int r;

	if (str_casecmp(wanted[0].name, "include") == 0)
		return cli_fail(EXIT_USAGE, "\"include\" cannot be the name of a claim in a claims "
					    "file: it includes another (--to ledger)");
	r = stake_file_claim(path, wanted, n, today, &c->arena, &done);
	if (r < 0)
		return fail(path, r);
	if (r == 1)
		return refuse(c, path, done.message);
	for (size_t i = 0; claims && i < n; i++) {
		struct claim one = wanted[i];

		one.source = path;
		if (!answer_fill_claim(&one, today, &claims[i], &c->arena))
			claims = NULL;
	}
	if (!claims)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	record.claims = claims;
	record.n_claims = n;
	if (done.n_added == 0)
		record.result = "unchanged";
	return ledger_answer_put(c, &record);
}

/* The file that is found; an exit code after saying why there is none. */
static int find_file(struct cli *c, struct claims_tree *tree)
{
	char path[CHECKOUT_PATH_SIZE];
	const char *reason = NULL;
	int r;

	claims_tree_init(tree, &c->arena);
	r = claims_tree_find(tree, path, &reason);
	if (r == -ENOENT)
		return cli_fail(EXIT_USAGE, "there is no %s here or above", CLAIMS_TREE_NAME);
	if (r < 0)
		return cli_fail(EXIT_USAGE, "%s: %s", path, reason ? _(reason) : lang_error(r));
	return 0;
}

static int print_canonical(struct cli *c, const struct claims_tree *tree)
{
	const struct claims_tree_file *file = &tree->files[0];

	if (!claims_file_format(file->bytes, file->n_bytes, &c->out)) {
		str_clear(&c->out);
		return fail(file->path, -EBADMSG);
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

int claims_edit_format(struct cli *c)
{
	struct claims_tree tree;
	int r = find_file(c, &tree);

	if (r == 0 && !c->options->wants_write) {
		r = print_canonical(c, &tree);
	} else if (r == 0) {
		int done = stake_file_format(tree.files[0].path);

		r = done < 0 ? fail(tree.files[0].path, done) : EXIT_ANSWERED;
		if (done >= 0 && !c->options->is_quiet) {
			str_printf(&c->out, "%s %s\n", tree.files[0].path,
				   done == 0 ? _("was written in its canonical form")
					     : _("is in its canonical form"));
			r = cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
		}
	}
	claims_tree_fini(&tree);
	return r;
}

enum { N_PORTS = 65536 };

static void mark(bool *ports, uint32_t first, uint32_t last)
{
	for (uint32_t port = first; port <= last && port < N_PORTS; port++)
		ports[port] = true;
}

/* "N" and "N-M", separated by commas. False: there are none. */
static bool append_list(struct str *out, const bool *ports)
{
	const char *lead = "";

	for (uint32_t first = 0, last; first < N_PORTS; first = last + 1) {
		last = first;
		if (!ports[first])
			continue;
		while (last + 1 < N_PORTS && ports[last + 1])
			last++;
		str_printf(out, first == last ? "%s%u" : "%s%u-%u", lead, first, last);
		lead = ",";
	}
	return *lead;
}

/* Claims inside the range, beside what is reserved already. */
static void merge(const struct answer_sources *from, const struct live_rules *rules, bool *ports)
{
	struct live_span range = rules->has_ephemeral ? rules->ephemeral
						      : check_default_ephemeral();

	for (size_t i = 0; rules->has_reserved && i < rules->n_reserved; i++)
		mark(ports, rules->reserved[i].first, rules->reserved[i].last);
	for (size_t i = 0; i < from->claims->n; i++) {
		const struct claim *one = &from->claims->items[i];
		uint16_t first = MAX_OF(one->first, range.first);
		uint16_t last = MIN_OF(one->last, range.last);

		if (claim_state(one, from->today) != CLAIM_EXPIRED && first <= last)
			mark(ports, first, last);
	}
}

int claims_edit_sysctl(struct cli *c)
{
	struct answer_sources from = {.today = NULL};
	struct live_request request = cli_request(c);
	struct live_snapshot live;
	bool *ports = arena_calloc(&c->arena, N_PORTS, sizeof(*ports));
	int r = ports ? own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from) : EXIT_SYSTEM;

	request.want = 0;
	if (r == 0)
		r = cli_look(c, &request, &c->arena, &live);
	if (r != 0)
		return r;
	if (!live.rules.has_reserved)
		cli_warn("what is reserved already could not be read: the line holds claims only");
	merge(&from, &live.rules, ports);
	str_append(&c->out, "net.ipv4.ip_local_reserved_ports = ");
	if (!append_list(&c->out, ports)) { /* an empty list would be one, too */
		str_clear(&c->out);
		str_append(&c->out, "# no claim lies in the ephemeral range, nothing is reserved");
	}
	str_append_char(&c->out, '\n');
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}
