#include "act/resolve.h"

#include "act/aside.h"
#include "act/dial.h"
#include "base/channel.h"
#include "base/lang.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Owned by the asker and by the thread; the last of them frees it. */
struct resolve {
	pthread_mutex_t lock; /* of everything below but `host` and `pipe` */
	int n_users;
	bool is_done;
	struct arena arena; /* the thread's, until it is done */
	const char *error; /* the system's words; NULL = none */
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
	arena_fini(&r->arena);
	free(r->host);
	free(r);
}

static void *work(void *context)
{
	struct resolve *r = context;
	struct dial_names names = {0};
	int error = dial_resolve(r->host, &r->arena, &names);

	pthread_mutex_lock(&r->lock);
	r->error = error < 0 ? _("out of memory") : names.error;
	for (size_t i = 0; i < names.n && r->n < RESOLVE_MOST; i++)
		r->found[r->n++] = address_unmapped(&names.addresses[i]);
	r->is_done = true;
	pthread_mutex_unlock(&r->lock);
	channel_close(r->pipe[1]);
	drop(r);
	return NULL;
}

int resolve_begin(const char *host, struct resolve **out)
{
	struct resolve *r = calloc(1, sizeof(*r));
	int error = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->n_users = 2;
	pthread_mutex_init(&r->lock, NULL);
	arena_init(&r->arena);
	r->host = strdup(host);
	if (r->host && channel_pipe(r->pipe, false) == 0) {
		error = aside_run(work, r);
		if (error == 0) {
			*out = r;
			return 0;
		}
		channel_close(r->pipe[0]);
		channel_close(r->pipe[1]);
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
		*error = r->error ? r->error : _("no address");
	}
	pthread_mutex_unlock(&r->lock);
	return is_done;
}

struct resolve *resolve_end(struct resolve *r)
{
	if (!r)
		return NULL;
	channel_close(r->pipe[0]);
	drop(r);
	return NULL;
}
