#include "update/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REDIRECTS = 5, CONNECT_S = 30, STALL_S = 30, STALL_BYTES = 1024, TOTAL_S = 600 };

/* A transfer that is going on. */
struct transfer {
	struct fetch *out;
	size_t limit;
	bool is_too_large;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	size_t length = size * n;

	if (length > t->limit - MIN_OF(t->limit, t->out->body.length)) {
		t->is_too_large = true;
		return 0; /* anything but `length` ends the transfer */
	}
	str_append_bytes(&t->out->body, bytes, length);
	return t->out->body.has_failed ? 0 : length;
}

/* Header lines come one at a time. */
static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *t = context;

	etag_of_header(bytes, size * n, t->out->etag);
	return size * n;
}

static int set_options(CURL *curl, const char *url, const char *cacert, struct transfer *t,
		       char *error)
{
	const char *bundle = getenv("CURL_CA_BUNDLE"); /* as the program curl takes it */
	int bad = 0;

	bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https") != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TOTAL_S) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_FAILONERROR, 0L) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->limit) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "") != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "berth/" BERTH_VERSION) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK;
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, t) != CURLE_OK;
	if (!*cacert && bundle)
		cacert = bundle;
	if (*cacert)
		bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, cacert) != CURLE_OK;
	return bad ? -EIO : 0;
}

static int fail(struct fetch *out, bool is_refused, const char *fmt, ...) BERTH_PRINTF(3, 4);

static int fail(struct fetch *out, bool is_refused, const char *fmt, ...)
{
	va_list args;

	out->is_refused = is_refused;
	va_start(args, fmt);
	vsnprintf(out->error, sizeof(out->error), fmt, args);
	va_end(args);
	return -EIO;
}

/* What the transfer came to. */
static int judge(CURL *curl, CURLcode code, const struct transfer *t, const char *error,
		 const char *url)
{
	struct fetch *out = t->out;
	long status = 0;

	if (out->body.has_failed)
		return -ENOMEM;
	if (t->is_too_large || code == CURLE_FILESIZE_EXCEEDED)
		return fail(out, true, "%s: larger than %zu MB", url, t->limit >> 20);
	if (code == CURLE_PARTIAL_FILE)
		return fail(out, true, "%s: cut short: the connection ended before the file did",
			    url);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return fail(out, true, "%s: leads away from HTTPS, which is refused", url);
	if (code != CURLE_OK)
		return fail(out, false, "%s: %s", url, *error ? error : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	out->is_unchanged = status == 304;
	if (status != 200 && status != 304)
		return fail(out, false, "%s: the server answers with status %ld", url, status);
	return 0;
}

static int perform(CURL *curl, const char *url, const char *etag, const char *cacert,
		   struct transfer *t)
{
	char error[CURL_ERROR_SIZE] = "", line[ETAG_SIZE + 32];
	struct curl_slist *headers = NULL;
	int n = snprintf(line, sizeof(line), "If-None-Match: %s", etag);
	int r = set_options(curl, url, cacert, t, error);

	if (r < 0)
		return fail(t->out, false, "this libcurl cannot be told what berth needs");
	if (*etag && n > 0 && (size_t)n < sizeof(line)) {
		headers = curl_slist_append(NULL, line);
		if (!headers)
			return -ENOMEM;
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	}
	r = judge(curl, curl_easy_perform(curl), t, error, url);
	curl_slist_free_all(headers);
	return r;
}

int fetch_get(const char *url, const char *etag, const char *cacert, size_t limit,
	      struct fetch *out)
{
	struct transfer t = {.out = out, .limit = limit};
	CURL *curl;
	int r;

	*out = (struct fetch){0};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	curl = curl_easy_init();
	r = curl ? perform(curl, url, etag, cacert, &t) : -ENOMEM;
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return r;
}
