/*
 * What a static atlas says to robots: robots.txt and sitemaps (sitemaps.org, protocol 0.9: at most
 * 50,000 URLs a file, and whole URLs only, so there are none without a base URL).
 */
#include "web/export-parts.h"

#include "registry/registry.h"
#include "web/page-service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { URLS_MOST = 50000 };

/* The sitemap that is being filled. */
struct sitemap {
	struct export *e;
	unsigned int n_files, n_urls;
	struct str text, name;
	int failed;
};

static void end_file(struct sitemap *s)
{
	char name[24];
	int r;

	str_append(&s->text, "</urlset>\n");
	snprintf(name, sizeof(name), "sitemap-%u.xml", ++s->n_files);
	r = export_put(s->e, s->e->site.fd, name, &s->text);
	if (r < 0 && s->failed == 0)
		s->failed = r;
	s->n_urls = 0;
}

static void escape(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			str_append(out, "&amp;");
		else if (strchr("<>\"'", *text))
			str_printf(out, "&#%d;", *text);
		else
			str_append_char(out, *text);
	}
}

static void add(struct sitemap *s, const char *folder, const char *path)
{
	if (s->n_urls == URLS_MOST)
		end_file(s);
	if (s->n_urls++ == 0) {
		str_clear(&s->text);
		str_append(&s->text,
			   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
	}
	str_append(&s->text, "<url><loc>");
	escape(&s->text, s->e->request->base_url);
	str_printf(&s->text, "%s%s</loc></url>\n", folder, path);
}

static void add_language(struct sitemap *s, const char *folder)
{
	const struct export_request *q = s->e->request;
	uint32_t n_names = registry_n_names(q->registry);
	char path[32];

	add(s, folder, "");
	add(s, folder, "ranges.html");
	for (uint32_t port = q->first; port <= q->last; port++) {
		snprintf(path, sizeof(path), "ports/%u.html", port);
		add(s, folder, path);
	}
	for (uint32_t i = 0; i < n_names; i++) {
		const char *name = export_service(q, i);

		if (!name)
			continue;
		str_clear(&s->name);
		str_append(&s->name, "services/");
		page_service_file(name, &s->name);
		str_append(&s->name, ".html");
		add(s, folder, str_text(&s->name));
	}
}

static void write_index(struct sitemap *s)
{
	int r;

	str_clear(&s->text);
	str_append(&s->text,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
	for (unsigned int i = 1; i <= s->n_files; i++) {
		str_append(&s->text, "<sitemap><loc>");
		escape(&s->text, s->e->request->base_url);
		str_printf(&s->text, "sitemap-%u.xml</loc></sitemap>\n", i);
	}
	str_append(&s->text, "</sitemapindex>\n");
	r = export_put(s->e, s->e->site.fd, "sitemap.xml", &s->text);
	if (r < 0 && s->failed == 0)
		s->failed = r;
}

int export_sitemap(struct export *e)
{
	const struct export_request *q = e->request;
	struct sitemap s = {.e = e};
	struct str robots = {0};
	int r;

	str_append(&robots, "User-agent: *\nAllow: /\n");
	if (q->base_url) {
		str_printf(&robots, "Sitemap: %ssitemap.xml\n", q->base_url);
		for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++) {
			if (q->languages[i])
				add_language(&s, i == PAGE_GERMAN ? "de/" : "");
		}
		end_file(&s);
		write_index(&s);
	}
	r = s.failed < 0 || s.name.has_failed ? -ENOMEM : 0;
	if (s.failed < 0)
		r = s.failed;
	if (r == 0)
		r = export_put(e, e->site.fd, "robots.txt", &robots);
	str_fini(&robots);
	str_fini(&s.text);
	str_fini(&s.name);
	return r;
}
