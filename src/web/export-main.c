#include "web/export-main.h"

#include "base/lang.h"
#include "registry/choose.h"
#include "registry/registry.h"
#include "web/export.h"
#include "web/words.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_interrupted;

static void interrupt(int signal)
{
	(void)signal;
	__atomic_store_n(&is_interrupted, 1, __ATOMIC_RELAXED);
}

static int answer(const char *word, const char *sentence)
{
	printf("%s %s\n", word, sentence);
	return EXIT_FAILURE;
}

static int parse_languages(const char *text, bool *out)
{
	memset(out, 0, N_PAGE_LANGUAGES * sizeof(*out));
	while (*text) {
		size_t n = strcspn(text, ",");
		bool is_known = false;

		for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++) {
			const char *code = words_language_code((enum page_language)i);

			if (n == strlen(code) && strncmp(text, code, n) == 0)
				out[i] = is_known = true;
		}
		if (!is_known)
			return -EINVAL;
		text += n + (text[n] == ',');
	}
	return 0;
}

static int parse_ports(const char *text, struct export_request *out)
{
	const char *dash = strchr(text, '-');
	uint64_t first, last;

	if (!dash || str_parse_u64(text, (size_t)(dash - text), UINT16_MAX, &first) < 0 ||
	    str_parse_u64(dash + 1, strlen(dash + 1), UINT16_MAX, &last) < 0 || first > last)
		return -EINVAL;
	out->first = (uint16_t)first;
	out->last = (uint16_t)last;
	return 0;
}

/* The value of a word "key=value"; NULL = it is another one, or empty. */
static const char *value_of(const char *word, const char *key)
{
	size_t n = strlen(key);

	return strncmp(word, key, n) == 0 && word[n] == '=' && word[n + 1] ? word + n + 1 : NULL;
}

/* Told before anything else is understood: what has to be said is for a program. */
static bool is_plain(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "say=en") == 0)
			return true;
	}
	return false;
}

static int parse(int argc, char **argv, struct export_request *out, const char **registry)
{
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++) {
		const char *value;

		if ((value = value_of(argv[i], "dir")))
			out->directory = value;
		else if ((value = value_of(argv[i], "lang")))
			r = parse_languages(value, out->languages);
		else if ((value = value_of(argv[i], "registry")))
			*registry = value;
		else if ((value = value_of(argv[i], "url")))
			out->base_url = value;
		else if ((value = value_of(argv[i], "ports")))
			r = parse_ports(value, out);
		else if (!strchr(argv[i], '='))
			r = -EINVAL;
	}
	return out->directory ? r : -EINVAL;
}

/* What ends a program otherwise lets it clean up first. */
static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		(void)sigaction(signals[i], &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

int export_main(int argc, char **argv)
{
	struct export_request request = {.last = UINT16_MAX, .is_interrupted = &is_interrupted};
	struct export_result result;
	struct registry registry;
	const char *path = NULL, *reason = "";
	int r;

	if (!is_plain(argc, argv))
		lang_begin();
	for (unsigned int i = 0; i < N_PAGE_LANGUAGES; i++)
		request.languages[i] = true;
	if (parse(argc, argv, &request, &path) < 0)
		return answer("refused", _("it was not asked as berth asks"));
	if (choose_named(&registry, path, &reason) < 0)
		return answer("failed", lang_text(reason));
	words_begin();
	catch_signals();
	request.registry = &registry;
	r = export_run(&request, &result);
	registry_close(&registry);
	if (r != 0)
		return answer(r > 0 ? "refused" : "failed", result.error);
	printf("done %llu %llu %llu\n", (unsigned long long)result.n_port_pages,
	       (unsigned long long)result.n_files, (unsigned long long)result.n_bytes);
	return EXIT_SUCCESS;
}
