#include "web/http.h"

#include "web/http-parts.h"
#include "web/http-text.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_LEAST = 4096, CONNECTIONS_MOST = 65535, NAP_NS = 10000000, NAPS_MOST = 300 };

int64_t http_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct http *http_new(const struct http_options *options)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->options = *options;
	if (pthread_mutex_init(&h->lock, NULL) == 0 &&
	    pthread_mutex_init(&h->native_lock, NULL) == 0)
		return h;
	free(h);
	return NULL;
}

static enum server_method method_of(const char *word)
{
	static const struct {
		const char *word;
		enum server_method method;
	} all[] = {
		{MHD_HTTP_METHOD_GET, SERVER_METHOD_GET},
		{MHD_HTTP_METHOD_HEAD, SERVER_METHOD_HEAD},
		{MHD_HTTP_METHOD_POST, SERVER_METHOD_POST},
		{MHD_HTTP_METHOD_OPTIONS, SERVER_METHOD_OPTIONS},
	};

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		if (strcmp(word, all[i].word) == 0)
			return all[i].method;
	}
	return SERVER_METHOD_OTHER;
}

/* The first of a header counts; of those that decide who may do what there must be one only. */
static void set_first(struct server_request *request, const char **member, bool is_decisive,
		      const char *value)
{
	if (*member && is_decisive)
		request->is_ambiguous = true;
	if (!*member)
		*member = value ? value : "";
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *key,
				   const char *value)
{
	struct http_visit *v = context;
	struct server_request *request = &v->visit.request;
	const struct {
		const char *name;
		const char **member;
		bool is_decisive;
	} wanted[] = {
		{"Host", &request->host, true},
		{"Accept", &request->accept, false},
		{"Accept-Language", &request->accept_language, false},
		{"Cookie", &request->cookie, true},
		{"If-None-Match", &request->if_none_match, false},
		{"Origin", &request->origin, true},
		{"Sec-Fetch-Site", &request->fetch_site, true},
		{"Authorization", &request->authorization, true},
		{"Content-Type", &request->content_type, true},
		{"Last-Event-ID", &request->last_event_id, false},
	};

	(void)kind;
	for (size_t i = 0; i < N_ELEMENTS(wanted); i++) {
		if (strcasecmp(key, wanted[i].name) != 0)
			continue;
		set_first(request, wanted[i].member, wanted[i].is_decisive, value);
		return MHD_YES;
	}
	if (strcasecmp(key, "Transfer-Encoding") == 0 ||
	    (strcasecmp(key, "Content-Length") == 0 && value && strcmp(value, "0") != 0))
		v->has_body = true;
	return MHD_YES;
}

static void fill_request(struct http_visit *v, const char *method)
{
	struct server_request *request = &v->visit.request;

	request->method = method_of(method);
	request->target = v->target;
	request->is_unix = v->listener->is_unix;
	request->listen_port = v->listener->port;
	request->local = v->peer && v->peer->has_local ? &v->peer->local : NULL;
	request->has_peer = v->peer && v->peer->has_uid;
	request->peer_uid = v->peer ? v->peer->uid : 0;
	(void)MHD_get_connection_values(v->connection, MHD_HEADER_KIND, take_header, v);
	if (v->has_body && request->method != SERVER_METHOD_POST)
		request->is_ambiguous = true;
}

/* From any thread: the visit can go on. */
static void wake(struct server_visit *visit)
{
	struct http_visit *v = (struct http_visit *)visit;
	struct MHD_Connection *connection = v->connection;

	atomic_fetch_sub(&v->listener->http->n_waiting, 1);
	if (atomic_exchange(&v->nap, HTTP_NAP_WOKEN) == HTTP_NAP_ASLEEP)
		MHD_resume_connection(connection);
}

static enum MHD_Result fall_asleep(struct http_visit *v)
{
	MHD_suspend_connection(v->connection);
	if (atomic_exchange(&v->nap, HTTP_NAP_ASLEEP) == HTTP_NAP_WOKEN)
		MHD_resume_connection(v->connection);
	return MHD_YES;
}

static enum MHD_Result proceed(struct http_visit *v)
{
	struct http *h = v->listener->http;
	struct response *r = NULL;
	enum MHD_Result result = MHD_NO;

	atomic_store(&v->nap, HTTP_NAP_NONE);
	atomic_fetch_add(&h->n_waiting, 1); /* before anybody can take it back */
	switch (server_visit(h->options.server, &v->visit, &r)) {
	case SERVER_WAITS:
		return fall_asleep(v);
	case SERVER_ANSWERS:
		result = http_send(v, r);
		break;
	case SERVER_STREAMS:
		result = r ? http_stream(v, r) : MHD_NO;
		break;
	}
	atomic_fetch_sub(&h->n_waiting, 1);
	response_release(r);
	return result;
}

/* What is too long for the server to see at all. */
static enum MHD_Result refuse(struct http_visit *v, unsigned int status)
{
	struct response *r = response_new(status, "text/plain; charset=utf-8");
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	r->ends_connection = true;
	str_append(&r->body, status == 414 ? "This address is too long.\n"
					   : "This request is too long.\n");
	r = response_finish(r, RESPONSE_KEEP_NOTHING);
	result = r ? http_send(v, r) : MHD_NO;
	response_release(r);
	return result;
}

static enum MHD_Result take_body(struct http_visit *v, const char *bytes, size_t *n)
{
	if (v->body.length + *n > SERVER_BODY_MOST)
		v->is_body_too_long = true;
	else
		str_append_bytes(&v->body, bytes, *n);
	*n = 0;
	return MHD_YES;
}

static enum MHD_Result begin(struct http_visit *v, const char *method)
{
	const char *length;
	uint64_t n;

	v->has_begun = true;
	if (v->peer)
		http_set_phase(v->peer, HTTP_PHASE_ANSWERING);
	fill_request(v, method);
	if (v->is_too_long)
		return refuse(v, 414);
	length = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Content-Length");
	if (length && str_parse_u64(length, strlen(length), SERVER_BODY_MOST, &n) < 0)
		return refuse(v, 413);
	return MHD_YES; /* an answer before the body, even an empty one, ends the connection */
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *bytes,
				  size_t *n, void **request)
{
	struct http_visit *v = *request;

	(void)context, (void)url, (void)version, (void)connection;
	if (!v || !v->target || v->body.has_failed)
		return MHD_NO;
	if (!v->has_begun)
		return begin(v, method);
	if (*n > 0)
		return take_body(v, bytes, n);
	if (v->is_body_too_long)
		return refuse(v, 413);
	v->visit.request.body = str_text(&v->body);
	v->visit.request.n_body = v->body.length;
	return proceed(v);
}

/* The first that is heard of a request: its target, before anybody has changed a byte of it. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_visit *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->listener = context;
	v->connection = connection;
	v->peer = info ? info->socket_context : NULL;
	v->visit.wake = wake;
	v->is_too_long = strnlen(target, HTTP_TEXT_TARGET_MOST + 1) > HTTP_TEXT_TARGET_MOST;
	v->target = strndup(target, HTTP_TEXT_TARGET_MOST);
	return v;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct http_visit *v = *request;

	(void)context, (void)connection, (void)code;
	*request = NULL;
	if (!v)
		return;
	if (v->peer)
		http_set_phase(v->peer, HTTP_PHASE_READING);
	server_leave(&v->visit);
	str_fini(&v->body);
	free(v->target);
	free(v);
}

/* Percent-encoding is undone by route.c and http-text.c, which know where. */
static size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

static int look_at_socket(int fd, struct http_listener *out)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof(address);
	int flags = fcntl(fd, F_GETFL);

	if (getsockname(fd, (struct sockaddr *)&address, &n) < 0 || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	out->is_unix = address.ss_family == AF_UNIX;
	if (address.ss_family == AF_INET)
		out->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	else if (address.ss_family == AF_INET6)
		out->port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	else if (!out->is_unix)
		return -EINVAL;
	return 0;
}

int http_listen(struct http *h, int fd)
{
	const struct http_limits *limits = &h->options.limits;
	struct http_listener *l = &h->listeners[h->n_listeners];
	int r;

	if (h->n_listeners == HTTP_LISTENERS_MOST)
		return -EINVAL;
	*l = (struct http_listener){.http = h};
	r = look_at_socket(fd, l);
	if (r < 0)
		return r;
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL,
		NULL, on_request, l,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_POOL_SIZE, h->options.n_threads,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, MAX_OF(limits->head, (size_t)HEAD_LEAST),
		MHD_OPTION_CONNECTION_LIMIT,
		limits->connections ? limits->connections : CONNECTIONS_MOST,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits->per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, limits->time_s,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, l,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, l,
		MHD_OPTION_END);
	if (!l->daemon)
		return -EIO;
	h->n_listeners++;
	return 0;
}

struct http *http_free(struct http *h)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};

	if (!h)
		return NULL;
	for (size_t i = 0; i < h->n_listeners; i++) {
		int fd = MHD_quiesce_daemon(h->listeners[i].daemon);

		if (fd >= 0)
			close(fd);
	}
	for (int i = 0; i < NAPS_MOST && atomic_load(&h->n_waiting) > 0; i++)
		(void)nanosleep(&nap, NULL);
	for (size_t i = 0; i < h->n_listeners; i++)
		MHD_stop_daemon(h->listeners[i].daemon);
	pthread_mutex_destroy(&h->lock);
	pthread_mutex_destroy(&h->native_lock);
	free(h);
	return NULL;
}
