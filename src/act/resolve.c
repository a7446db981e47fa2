#include "act/resolve.h"

#include "base/channel.h"
#include "base/fd.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Owned by the asker and by the thread; the last of them frees it. */
struct resolve {
	pthread_mutex_t lock; /* of everything below but `host` and `pipe` */
	int n_users;
	bool is_done;
	int error; /* of getaddrinfo(3) */
	struct address found[RESOLVE_MOST];
	size_t n;
	int pipe[2]; /* the thread closes [1] when it is done; [0] is the asker's */
	char *host;
};

static void drop(struct resolve *r)
{
	int n_users;

	pthread_mutex_lock(&r->lock);
	n_users = --r->n_users;
	pthread_mutex_unlock(&r->lock);
	if (n_users > 0)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r->host);
	free(r);
}

static bool take(const struct addrinfo *info, struct address *out)
{
	*out = (struct address){0};
	if (info->ai_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)info->ai_addr;

		out->family = ADDRESS_IPV4;
		memcpy(out->bytes, &v4->sin_addr, 4);
		return true;
	}
	if (info->ai_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)info->ai_addr;

		out->family = ADDRESS_IPV6;
		out->scope_id = v6->sin6_scope_id;
		memcpy(out->bytes, &v6->sin6_addr, 16);
		*out = address_unmapped(out);
		return true;
	}
	return false;
}

static void *work(void *context)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct resolve *r = context;
	struct addrinfo *found = NULL;
	int error = getaddrinfo(r->host, NULL, &hints, &found);

	pthread_mutex_lock(&r->lock);
	r->error = error;
	for (const struct addrinfo *i = found; i && r->n < RESOLVE_MOST; i = i->ai_next) {
		if (take(i, &r->found[r->n]))
			r->n++;
	}
	r->is_done = true;
	pthread_mutex_unlock(&r->lock);
	if (error == 0)
		freeaddrinfo(found);
	close(r->pipe[1]);
	drop(r);
	return NULL;
}

/* Signals are for the thread that waits. */
static int start(struct resolve *r)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, work, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_detach(thread);
	return -error;
}

int resolve_begin(const char *host, struct resolve **out)
{
	struct resolve *r = calloc(1, sizeof(*r));
	int error = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->n_users = 2;
	pthread_mutex_init(&r->lock, NULL);
	r->host = strdup(host);
	if (r->host && channel_pipe(r->pipe, false) == 0) {
		error = start(r);
		if (error == 0) {
			*out = r;
			return 0;
		}
		fd_close(r->pipe[0]);
		fd_close(r->pipe[1]);
	} else if (r->host) {
		error = -errno;
	}
	r->n_users = 1;
	drop(r);
	return error;
}

int resolve_fd(const struct resolve *r)
{
	return r->pipe[0];
}

bool resolve_take(struct resolve *r, struct address out[RESOLVE_MOST], size_t *n,
		  const char **error)
{
	bool is_done;

	pthread_mutex_lock(&r->lock);
	is_done = r->is_done;
	if (is_done) {
		memcpy(out, r->found, sizeof(r->found));
		*n = r->n;
		*error = r->error ? gai_strerror(r->error) : "no address";
	}
	pthread_mutex_unlock(&r->lock);
	return is_done;
}

struct resolve *resolve_end(struct resolve *r)
{
	if (!r)
		return NULL;
	fd_close(r->pipe[0]);
	drop(r);
	return NULL;
}
