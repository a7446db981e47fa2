#include "web/export.h"

#include "base/fd.h"
#include "base/lang.h"
#include "registry/registry.h"
#include "render/map.h"
#include "web/assets.h"
#include "web/export-parts.h"
#include "web/page-service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64, THREADS_MOST = 16, STACK = 1024 * 1024 };

/* All that a site has at its top: nothing else of an older one is ever removed. */
static const char *const own_names[] = {
	"index.html", "ranges.html", "search.html", "ports", "services", "de", "assets", "map",
	"search", "robots.txt", "sitemap.xml", "sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml",
	"sitemap-4.xml", NULL,
};

static const char *const folders[N_PAGE_LANGUAGES] = {[PAGE_ENGLISH] = "", [PAGE_GERMAN] = "de/"};

const char *export_service(const struct export_request *q, uint32_t i)
{
	bool is_all = q->first == 0 && q->last == UINT16_MAX, is_in = is_all;
	struct registry_rows rows;
	const char *name = registry_name_at(q->registry, i, &rows);
	struct registry_row row;

	for (uint32_t k = 0; name && !is_in && k < rows.n; k++)
		is_in = registry_row(q->registry, rows.ids[k], &row) == 0 && row.has_ports &&
			row.first <= q->last && row.last >= q->first;
	return is_in ? name : NULL;
}

int export_put(struct export *e, int directory, const char *name, const struct str *text)
{
	int r = text->has_failed ? -ENOMEM
				 : site_write(directory, name, str_text(text), text->length);

	if (r == 0) {
		atomic_fetch_add_explicit(&e->n_files, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&e->n_bytes, text->length, memory_order_relaxed);
	}
	return r;
}

/* One of the threads. */
struct worker {
	struct export *e;
	struct arena arena;
	struct arena_mark mark;
	struct str text, name;
};

/* The page that a worker begins: its text and memory are empty again. */
static struct page begin_page(struct worker *w, enum page_language language, const char *path)
{
	str_clear(&w->text);
	arena_reset(&w->arena, w->mark);
	return (struct page){.language = language,
			     .sight = PAGE_SIGHT_PUBLIC,
			     .is_static = true,
			     .languages = w->e->languages,
			     .ports = w->e->only,
			     .path = path,
			     .from = &w->e->from,
			     .arena = &w->arena,
			     .out = &w->text};
}

static int write_port(struct worker *w, enum page_language language, uint16_t port)
{
	char path[16], name[16];
	struct page p = begin_page(w, language, path);
	int r;

	snprintf(path, sizeof(path), "/ports/%u", port);
	snprintf(name, sizeof(name), "%u.html", port);
	r = page_port(&p, port);
	return r < 0 ? r : export_put(w->e, w->e->ports[language], name, &w->text);
}

static int write_service(struct worker *w, enum page_language language, const char *service)
{
	struct str path = {0};
	struct page p = begin_page(w, language, "");
	int r;

	str_clear(&w->name);
	page_service_file(service, &w->name);
	str_printf(&path, "/services/%s", str_text(&w->name));
	p.path = str_text(&path);
	str_append(&w->name, ".html");
	r = path.has_failed || w->name.has_failed ? -ENOMEM : page_service(&p, service);
	str_fini(&path);
	return r < 0 ? r : export_put(w->e, w->e->services[language], str_text(&w->name), &w->text);
}

static unsigned int n_of(const struct export *e)
{
	unsigned int n_ports = (unsigned int)e->request->last - e->request->first + 1;

	return n_ports + registry_n_names(e->request->registry);
}

/* Page `i` of a language: ports first, services behind them. */
static int write_one(struct worker *w, enum page_language language, unsigned int i)
{
	const struct export_request *q = w->e->request;
	unsigned int n_ports = (unsigned int)q->last - q->first + 1;
	const char *service;

	if (i < n_ports)
		return write_port(w, language, (uint16_t)(q->first + i));
	service = export_service(q, i - n_ports);
	return service ? write_service(w, language, service) : 0;
}

static bool is_over(struct export *e)
{
	const int *flag = e->request->is_interrupted;
	int zero = 0;

	if (flag && __atomic_load_n(flag, __ATOMIC_RELAXED))
		(void)atomic_compare_exchange_strong(&e->failed, &zero, -EINTR);
	return atomic_load_explicit(&e->failed, memory_order_relaxed) != 0;
}

/*
 * Take pieces until there are none. Neighbouring pieces are of different languages, so that threads
 * seldom make files in one directory at the same time: the kernel lets one at a time do that.
 */
static void *work(void *context)
{
	struct export *e = context;
	struct worker w = {.e = e};
	unsigned int n = n_of(e), n_pieces = (n + PIECE - 1) / PIECE, piece;
	int r = arena_alloc(&w.arena, 1) ? 0 : -ENOMEM, zero = 0;

	w.mark = arena_mark(&w.arena);
	while (r == 0 && !is_over(e) &&
	       (piece = atomic_fetch_add(&e->next, 1)) < n_pieces * N_PAGE_LANGUAGES) {
		enum page_language language = (enum page_language)(piece % N_PAGE_LANGUAGES);
		unsigned int first = piece / N_PAGE_LANGUAGES * PIECE;

		for (unsigned int i = first; e->request->languages[language] && r == 0 &&
					     i < n && i < first + PIECE; i++)
			r = write_one(&w, language, i);
	}
	if (r < 0)
		(void)atomic_compare_exchange_strong(&e->failed, &zero, r);
	str_fini(&w.text);
	str_fini(&w.name);
	arena_fini(&w.arena);
	return NULL;
}

static int write_pages(struct export *e)
{
	pthread_t threads[THREADS_MOST] = {0};
	long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int n = e->request->n_threads, n_started = 0;
	pthread_attr_t attr;

	if (n == 0)
		n = n_processors > 0 ? (unsigned int)n_processors : 1;
	if (pthread_attr_init(&attr) == 0) {
		(void)pthread_attr_setstacksize(&attr, STACK);
		while (n_started + 1 < n && n_started < THREADS_MOST &&
		       pthread_create(&threads[n_started], &attr, work, e) == 0)
			n_started++;
		pthread_attr_destroy(&attr);
	}
	work(e); /* this thread is one of them, so one is enough */
	while (n_started > 0)
		pthread_join(threads[--n_started], NULL);
	return atomic_load(&e->failed);
}

/* The pages at the top of a language. */
static int write_top(struct export *e, enum page_language language)
{
	static const struct {
		const char *path, *file;
	} tops[] = {{"/", "index.html"}, {"/ranges", "ranges.html"}, {"/search", "search.html"}};
	struct worker w = {.e = e};
	int r = 0;

	w.mark = arena_mark(&w.arena);
	for (size_t i = 0; r == 0 && i < sizeof(tops) / sizeof(*tops); i++) {
		struct page p = begin_page(&w, language, tops[i].path);

		r = i == 0 ? page_map(&p) : i == 1 ? page_ranges(&p) : page_search(&p, "");
		if (r == 0)
			r = export_put(e, e->top[language], tops[i].file, &w.text);
	}
	str_fini(&w.text);
	arena_fini(&w.arena);
	return r;
}

static int open_folder(struct export *e, const char *language, const char *name, int *out)
{
	char path[32];

	snprintf(path, sizeof(path), "%s%s", language, name);
	*out = site_make_directory(&e->site, path);
	return *out < 0 ? *out : 0;
}

static int write_language(struct export *e, enum page_language language)
{
	const char *folder = folders[language];
	int r = 0;

	e->top[language] = *folder ? site_make_directory(&e->site, "de") : dup(e->site.fd);
	if (e->top[language] < 0)
		r = *folder ? e->top[language] : -errno;
	if (r == 0)
		r = open_folder(e, folder, "ports", &e->ports[language]);
	if (r == 0)
		r = open_folder(e, folder, "services", &e->services[language]);
	return r == 0 ? write_top(e, language) : r;
}

static int write_assets(struct export *e)
{
	BERTH_CLEANUP(fd_closep) int fd = site_make_directory(&e->site, "assets");
	size_t n;
	const struct asset *all = assets_all(&n);
	int r = fd < 0 ? fd : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = site_write(fd, all[i].name, all[i].bytes, all[i].n);
		if (r == 0) {
			atomic_fetch_add(&e->n_files, 1);
			atomic_fetch_add(&e->n_bytes, all[i].n);
		}
	}
	return r;
}

/* What is said of the cells of the map, a file a row. */
static int write_rows(struct export *e)
{
	BERTH_CLEANUP(fd_closep) int fd = site_make_directory(&e->site, "map");
	struct map *map = arena_alloc(&e->arena, sizeof(*map));
	struct str text = {0};
	char name[16];
	int r = fd < 0 ? fd : !map ? -ENOMEM : map_fill(&e->from, &e->arena, map);

	for (unsigned int row = 0; r == 0 && row < MAP_SIDE; row++) {
		str_clear(&text);
		snprintf(name, sizeof(name), "%u.json", row);
		r = map_write_row(&e->from, map, row, &e->arena, &text);
		if (r == 0)
			r = export_put(e, fd, name, &text);
	}
	str_fini(&text);
	return r;
}

static int write_search(struct export *e)
{
	BERTH_CLEANUP(fd_closep) int fd = site_make_directory(&e->site, "search");

	return fd < 0 ? fd : export_search(e, fd);
}

/* Without English there is nothing at the top: lead on from there. */
static int write_door(struct export *e)
{
	static const char door[] =
		"<!DOCTYPE html>\n<html lang=\"de\"><head><meta charset=\"utf-8\">"
		"<title>berth</title>"
		"<meta http-equiv=\"refresh\" content=\"0; url=de/index.html\"></head>"
		"<body><p><a href=\"de/index.html\">Deutsch</a></p></body></html>\n";
	struct str text = {0};
	int r;

	if (e->request->languages[PAGE_ENGLISH])
		return 0;
	str_append(&text, door);
	r = export_put(e, e->site.fd, "index.html", &text);
	str_fini(&text);
	return r;
}

static int write_all(struct export *e)
{
	int r = write_door(e);

	for (unsigned int i = 0; r == 0 && i < N_PAGE_LANGUAGES; i++) {
		if (e->request->languages[i])
			r = write_language(e, (enum page_language)i);
	}
	if (r == 0)
		r = write_assets(e);
	if (r == 0)
		r = write_rows(e);
	if (r == 0)
		r = write_search(e);
	if (r == 0)
		r = export_sitemap(e);
	return r == 0 ? write_pages(e) : r;
}

static void count(const struct export *e, struct export_result *out)
{
	uint64_t n_ports = (uint64_t)e->request->last - e->request->first + 1;

	for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++)
		out->n_port_pages += e->request->languages[i] ? n_ports : 0;
	out->n_files = atomic_load(&e->n_files);
	out->n_bytes = atomic_load(&e->n_bytes);
}

static void fini(struct export *e)
{
	for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++) {
		fd_close(e->top[i]);
		fd_close(e->ports[i]);
		fd_close(e->services[i]);
	}
	site_fini(&e->site);
	arena_fini(&e->arena);
}

int export_run(const struct export_request *request, struct export_result *out)
{
	struct export e = {.request = request, .nothing = {.system = LIVE_OTHER}};
	int r;

	*out = (struct export_result){.error = ""};
	for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++)
		e.top[i] = e.ports[i] = e.services[i] = -1;
	e.span = (struct live_span){request->first, request->last};
	e.only = request->first == 0 && request->last == UINT16_MAX ? NULL : &e.span;
	for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++)
		e.languages |= request->languages[i] ? 1U << i : 0;
	r = site_begin(&e.site, request->directory, own_names, out->error);
	if (r != 0)
		return r;
	e.from = (struct answer_sources){.registry = request->registry, .live = &e.nothing};
	if (!answer_index(&e.from, &e.arena))
		r = -ENOMEM;
	if (r == 0)
		r = write_all(&e);
	if (r < 0)
		snprintf(out->error, sizeof(out->error), "%.400s: %s", request->directory,
			 r == -EINTR ? _("interrupted; what was there is still there")
				     : lang_error(-r));
	if (r == 0)
		r = site_commit(&e.site, out->error);
	if (r == 0)
		count(&e, out);
	fini(&e);
	return r;
}
