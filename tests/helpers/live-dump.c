/*
 * live-dump: print what a look saw as stable lines of text, for tests.
 *
 *     live-dump [-l] [-a] [-o] [-p] [-A] [-n NAME] [-4|-6] [PORT|FIRST-LAST]
 *
 *     -l listeners (the default)   -a holders and connections too   -o search for all owners
 *     -p owners of connections     -A holders of every namespace    -H berth's own namespace only
 *     -n NAME one namespace        -4 -6 one family
 *
 * Line kinds: "socket", "owner" (of the socket above), "published" (print-published.h),
 * "container", "gap", "namespace", "rules", "looked".
 * Foreign bytes are escaped. Exit 0, 2 for bad usage, 4 when nothing could be told.
 */
#include "base/str.h"
#include "helpers/print-published.h"
#include "live/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(const char *key, const char *value)
{
	struct str text = {0};

	if (!value)
		return;
	str_append_escaped(&text, value, true);
	printf(" %s=%s", key, str_text(&text));
	str_fini(&text);
}

static void put_endpoint(const char *key, const struct address *a, uint16_t port)
{
	char text[ADDRESS_TEXT_SIZE];

	printf(a->family == ADDRESS_IPV6 ? " %s=[%s]:%u" : " %s=%s:%u", key,
	       address_format(a, text), port);
}

static void print_owner(const struct live_owner *o)
{
	const struct live_process *p = o->process;

	printf("  owner method=%s fd=%d", live_method_name(o->method), o->fd);
	put("kernel", o->kernel);
	if (!p) {
		putchar('\n');
		return;
	}
	printf(" pid=%u uid=%u", p->pid, p->uid);
	put("program", p->program);
	put("path", p->path);
	if (p->is_path_deleted)
		printf(" deleted");
	put("user", p->user);
	put("unit", p->unit);
	put("container", p->container);
	put("login", p->login);
	put("directory", p->directory);
	if (p->started != LIVE_TIME_NONE)
		printf(" started=%lld", (long long)(p->started / 1000000));
	for (size_t i = 0; p->command && p->command[i]; i++)
		put("arg", p->command[i]);
	for (size_t i = 0; i < p->n_parents; i++)
		printf(" parent=%u", p->parents[i].pid);
	putchar('\n');
}

static void print_socket(const struct live_socket *s)
{
	printf("socket %s %s", transport_name(s->transport), live_state_name(s->state));
	put_endpoint("local", &s->local, s->local_port);
	if (s->has_remote)
		put_endpoint("remote", &s->remote, s->remote_port);
	if (s->is_dual_stack)
		printf(" dual-stack");
	put("interface", s->interface);
	if (s->has_queue)
		printf(" queue=%u/%u", s->queued, s->limit);
	printf(" inode=%u cookie=%llu", s->inode, (unsigned long long)s->cookie);
	if (s->has_uid)
		printf(" uid=%u", s->uid);
	put("user", s->user);
	if (s->state == LIVE_TIME_WAIT)
		printf(" expires=%s", s->expires_ms > 0 && s->expires_ms <= 61000 ? "soon" : "odd");
	printf(" cgroup=%llu", (unsigned long long)s->cgroup_id);
	put("unit", s->unit);
	put("container", s->container);
	put("activates", s->activates);
	for (size_t i = 0; s->starts && s->starts[i]; i++)
		put("starts", s->starts[i]);
	put("ns", s->ns->name);
	printf(" search=%s\n", live_search_name(s->owners_search));
	for (size_t i = 0; i < s->n_owners; i++)
		print_owner(&s->owners[i]);
}

static void print_snapshot(const struct live_snapshot *s)
{
	printf("looked %s\n", s->could_look ? "yes" : "no");
	for (size_t i = 0; i < s->n_namespaces; i++) {
		const struct live_namespace *n = &s->namespaces[i];

		printf("namespace id=%llu", (unsigned long long)n->id);
		put("name", n->name);
		put("container", n->container);
		printf("%s%s\n", n->is_here ? " here" : "", n->is_read_as_text ? " as-text" : "");
	}
	printf("rules ephemeral=%u-%u unprivileged=%u reserved=%zu\n", s->rules.ephemeral.first,
	       s->rules.ephemeral.last, s->rules.unprivileged_start, s->rules.n_reserved);
	for (size_t i = 0; i < s->n_sockets; i++)
		print_socket(&s->sockets[i]);
	for (size_t i = 0; i < s->n_published; i++) {
		printf("published ");
		print_published(&s->published[i]);
	}
	for (size_t i = 0; i < s->n_containers; i++) {
		printf("container id=%s", s->containers[i].id);
		put("name", s->containers[i].name);
		put("image", s->containers[i].image);
		put("runtime", s->containers[i].runtime);
		putchar('\n');
	}
	for (size_t i = 0; i < s->n_gaps; i++) {
		const struct live_gap *g = &s->gaps[i];

		printf("gap");
		put("what", g->what);
		put("where", g->where);
		put("why", g->why);
		put("fix", g->fix);
		printf(" similar=%u\n", g->n_similar);
	}
}

static int parse_ports(const char *text, struct live_request *r)
{
	size_t n = strcspn(text, "-");
	uint64_t first, last;

	if (str_parse_u64(text, n, UINT16_MAX, &first) < 0)
		return -1;
	last = first;
	if (text[n] == '-' &&
	    str_parse_u64(text + n + 1, strlen(text + n + 1), UINT16_MAX, &last) < 0)
		return -1;
	r->first_port = (uint16_t)first;
	r->last_port = (uint16_t)last;
	return 0;
}

static int parse_options(int argc, char **argv, struct live_request *r)
{
	int option;

	while ((option = getopt(argc, argv, "laopAHn:46")) != -1) {
		switch (option) {
		case 'l':
			r->want = LIVE_WANT_LISTENERS;
			break;
		case 'a':
			r->want |= LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
			break;
		case 'o':
			r->want_all_owners = true;
			break;
		case 'p':
			r->want_peer_owners = true;
			break;
		case 'A':
			r->want_all_namespaces_holders = true;
			break;
		case 'H':
			r->scope = LIVE_SCOPE_HERE;
			break;
		case 'n':
			r->scope = LIVE_SCOPE_NAMED;
			r->netns = optarg;
			break;
		case '4':
			r->want_v6 = false;
			break;
		case '6':
			r->want_v4 = false;
			break;
		default:
			return -1;
		}
	}
	return optind < argc ? parse_ports(argv[optind], r) : 0;
}

int main(int argc, char **argv)
{
	struct live_request request = live_request_default();
	struct live_snapshot snapshot;
	struct arena arena = {0};
	struct source *source;
	int r;

	if (parse_options(argc, argv, &request) < 0) {
		fprintf(stderr, "usage: live-dump [-laopAH46] [-n NAME] [PORT|FIRST-LAST]\n");
		return 2;
	}
	r = source_open_system(&source);
	if (r == 0)
		r = source_look(source, &request, &arena, &snapshot);
	if (r < 0) {
		fprintf(stderr, "live-dump: %s\n", strerror(-r));
		return 4;
	}
	print_snapshot(&snapshot);
	source_close(source);
	arena_fini(&arena);
	return fflush(stdout) == 0 ? 0 : 4;
}
