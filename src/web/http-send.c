/* Answers and streams on their way into sockets. */
#include "web/http-parts.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { STREAM_BLOCK = 4096 };

bool http_add_headers(struct MHD_Response *native, const struct response *r)
{
	bool is_good = true;

	for (const struct response_security *s = response_security; s->name; s++) {
		if (!response_header(r, s->name))
			is_good = is_good &&
				  MHD_add_response_header(native, s->name, s->value) == MHD_YES;
	}
	for (size_t i = 0; i < r->n_headers; i++)
		is_good = is_good && MHD_add_response_header(native, r->headers[i].name,
							     r->headers[i].value) == MHD_YES;
	if (r->ends_connection)
		is_good = is_good &&
			  MHD_add_response_header(native, "Connection", "close") == MHD_YES;
	return is_good;
}

static void release_native(void *native)
{
	MHD_destroy_response(native);
}

/* Nobody sends these bytes any more. */
static void free_bytes(void *context)
{
	response_free(context);
}

/* Made once for each answer, however many connections it goes to. */
static struct MHD_Response *native_of(struct http *h, struct response *r)
{
	struct MHD_Response *native = atomic_load_explicit(&r->native, memory_order_acquire);
	size_t n;
	char *bytes = (char *)(uintptr_t)response_bytes(r, &n); /* which is only read */

	if (native)
		return native;
	pthread_mutex_lock(&h->native_lock);
	native = atomic_load_explicit(&r->native, memory_order_relaxed);
	if (!native) {
		native = MHD_create_response_from_buffer_with_free_callback_cls(n, bytes,
										free_bytes, r);
		if (native) {
			r->release_native = release_native;
			/* Without all of its headers an answer is not sent at all. */
			if (!http_add_headers(native, r))
				r->has_failed = true;
			atomic_store_explicit(&r->native, native, memory_order_release);
		}
	}
	pthread_mutex_unlock(&h->native_lock);
	return native;
}

enum MHD_Result http_send(struct http_visit *v, struct response *r)
{
	struct server_counts *counts = server_counts(v->listener->http->options.server);
	/* 304 has the headers of the answer it stands for, its length among them, and no bytes. */
	struct response *sent = r && r->of ? r->of : r;
	struct MHD_Response *native = sent ? native_of(v->listener->http, sent) : NULL;
	size_t digit = r ? r->status / 100 : 0;

	if (!native || sent->has_failed)
		return MHD_NO;
	atomic_fetch_add_explicit(&counts->n_requests[digit < 6 ? digit : 0], 1,
				  memory_order_relaxed);
	return MHD_queue_response(v->connection, r->status, native);
}

/* A reader of events and its connection. */
struct stream {
	struct events_reader *reader;
	struct MHD_Connection *connection;
};

static void pause_stream(void *context)
{
	const struct stream *s = context;

	MHD_suspend_connection(s->connection);
}

static void resume_stream(void *context)
{
	const struct stream *s = context;

	MHD_resume_connection(s->connection);
}

static ssize_t read_stream(void *context, uint64_t at, char *bytes, size_t size)
{
	struct stream *s = context;
	long n = events_read(s->reader, bytes, size);

	(void)at;
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void free_stream(void *context)
{
	struct stream *s = context;

	s->reader = events_leave(s->reader);
	free(s);
}

static enum MHD_Result refuse_stream(struct http_visit *v)
{
	struct response *r = response_new(429, "text/plain; charset=utf-8");
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	response_add(r, "Retry-After", "10");
	str_append(&r->body, "Too many streams are open already.\n");
	r = response_finish(r, RESPONSE_KEEP_NOTHING);
	result = http_send(v, r);
	response_release(r);
	return result;
}

enum MHD_Result http_stream(struct http_visit *v, const struct response *r)
{
	struct http *h = v->listener->http;
	struct stream *s = calloc(1, sizeof(*s));
	const struct events_waker waker = {pause_stream, resume_stream, s};
	struct MHD_Response *native;
	enum MHD_Result result = MHD_NO;

	if (!s)
		return MHD_NO;
	s->connection = v->connection;
	if (events_join(h->options.events, v->visit.sight, v->visit.request.last_event_id, &waker,
			&s->reader) < 0) {
		free(s);
		return refuse_stream(v);
	}
	native = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, s,
						   free_stream);
	if (!native) {
		free_stream(s);
		return MHD_NO;
	}
	if (http_add_headers(native, r)) {
		if (v->peer)
			http_set_phase(v->peer, HTTP_PHASE_STREAMING);
		atomic_fetch_add_explicit(&server_counts(h->options.server)->n_requests[2], 1,
					  memory_order_relaxed);
		result = MHD_queue_response(v->connection, 200, native);
	}
	MHD_destroy_response(native);
	return result;
}
