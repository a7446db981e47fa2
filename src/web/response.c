#include "web/response.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* same-origin, as with no-referrer browsers hide the origin of a form, which is checked. */
const struct response_security response_security[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
	 "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
	 "frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{NULL, NULL},
};

struct response *response_new(unsigned int status, const char *type)
{
	struct response *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	atomic_init(&r->n_holders, 1);
	r->status = status;
	if (type)
		response_add(r, "Content-Type", type);
	return r;
}

void response_add(struct response *r, const char *name, const char *value)
{
	char *copy = r->n_headers < RESPONSE_HEADERS_MOST ? strdup(value) : NULL;

	if (!copy) {
		r->has_failed = true;
		return;
	}
	r->headers[r->n_headers++] = (struct response_header){name, copy};
}

static const char *keep_words(enum response_keep keep)
{
	switch (keep) {
	case RESPONSE_KEEP_NOTHING:
		return "no-store";
	case RESPONSE_KEEP_CHECKED:
		return "no-cache";
	case RESPONSE_KEEP_OWN:
		return "private, no-cache";
	case RESPONSE_KEEP_LONG:
		return "public, max-age=31536000, immutable";
	}
	return "no-store";
}

struct response *response_finish(struct response *r, enum response_keep keep)
{
	size_t n;
	const char *bytes = response_bytes(r, &n);

	response_add(r, "Cache-Control", keep_words(keep));
	if (keep != RESPONSE_KEEP_NOTHING && !r->tag[0])
		snprintf(r->tag, sizeof(r->tag), "\"%016llx\"",
			 (unsigned long long)str_hash(bytes, n));
	if (r->tag[0])
		response_add(r, "ETag", r->tag);
	if (!r->has_failed && !r->body.has_failed)
		return r;
	response_release(r);
	return NULL;
}

struct response *response_not_modified(struct response *of)
{
	static const char *const kept[] = {"Cache-Control", "ETag", "Vary", "Content-Language"};
	struct response *r = response_new(304, NULL);

	for (size_t i = 0; r && i < N_ELEMENTS(kept); i++) {
		const char *value = response_header(of, kept[i]);

		if (value)
			response_add(r, kept[i], value);
	}
	if (r)
		r->of = response_hold(of);
	if (!r || !r->has_failed)
		return r;
	response_release(r);
	return NULL;
}

const char *response_bytes(const struct response *r, size_t *n)
{
	*n = r->constant ? r->n_constant : r->body.length;
	return r->constant ? r->constant : str_text(&r->body);
}

const char *response_header(const struct response *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (strcmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	}
	return NULL;
}

struct response *response_hold(struct response *r)
{
	atomic_fetch_add_explicit(&r->n_holders, 1, memory_order_relaxed);
	return r;
}

/* An answer that stands for another: that one stands for none. */
/* NOLINTNEXTLINE(misc-no-recursion) */
void response_release(struct response *r)
{
	void *native;

	if (!r || atomic_fetch_sub_explicit(&r->n_holders, 1, memory_order_acq_rel) > 1)
		return;
	native = atomic_load_explicit(&r->native, memory_order_acquire);
	if (native)
		r->release_native(native);
	else
		response_free(r);
}

void response_free(struct response *r) /* NOLINT(misc-no-recursion): see response_release() */
{
	for (size_t i = 0; i < r->n_headers; i++)
		free(r->headers[i].value);
	response_release(r->of);
	str_fini(&r->body);
	free(r);
}
