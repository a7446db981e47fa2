/* Whatever a collector says, the front's end of the pipe takes it or ends; views come whole. */
#include "web/link.h"

#include "ledger/claims.h"

#include <limits.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_change(void *context, enum link_change what)
{
	if (what == LINK_LOST)
		sem_post(context);
}

static void on_view(void *context, const struct link_view *view)
{
	(*(unsigned int *)context)++;
	link_release(view);
}

static void write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the link has ended already */
		bytes += sent;
		n -= (size_t)sent;
	}
}

static volatile size_t n_read; /* so that reading is not left out */

/* Every socket, claim and gap is there to be read. */
static void read_view(const struct link_view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->from.live->n_sockets; i++)
		n += view->from.live->sockets[i].n_owners + view->from.live->sockets[i].ns->id;
	for (size_t i = 0; i < view->from.claims->n; i++)
		n += strlen(view->from.claims->items[i].name) +
		     strlen(view->from.claims->items[i].source);
	for (size_t i = 0; i < view->from.n_claim_gaps; i++)
		n += strlen(view->from.claim_gaps[i].where);
	n_read = n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hello[] = "bAtl\1\0\0\0\1\0\0\0\x20\0\0\0"
				    "0123456789abcdef0123456789abcdef";
	struct link *link = NULL;
	const struct link_view *view = NULL;
	unsigned int n_calls = 0;
	struct link_options options = {.changed = on_change};
	sem_t lost;
	int ends[2];

	if (sem_init(&lost, 0, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		abort();
	options.context = &lost;
	write_all(ends[0], hello, sizeof(hello) - 1);
	if (link_open(ends[1], 20000, &options, &link) < 0)
		abort();
	if (link_port(link, PAGE_SIGHT_PUBLIC, 80, 0, on_view, &n_calls, &view) != 0)
		abort();
	write_all(ends[0], (const char *)data, size);
	shutdown(ends[0], SHUT_WR);
	sem_wait(&lost);
	if (n_calls != 1)
		abort();
	for (unsigned int sight = 0; sight < 2; sight++) {
		if (link_here(link, (enum page_sight)sight, UINT_MAX, NULL, NULL, &view) != 1)
			continue;
		read_view(view);
		link_release(view);
	}
	link_close(link);
	close(ends[0]);
	sem_destroy(&lost);
	return 0;
}
