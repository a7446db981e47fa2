#include "answer/identify.h"

#include "base/str.h"

#include <string.h>

enum { MOST_NAMES = 6, LONGEST_NAME = 255 };

/* Names under construction. */
struct names {
	struct arena *arena;
	const char *list[MOST_NAMES + 1];
	size_t n;
};

/* What is known of an interpreter: which of its options take a separate value, and how it is told
 * what to run. */
struct interpreter {
	const char *name;    /* base name; a trailing version ("3.11", "18") is ignored */
	const char *valued;  /* space-separated options followed by a value, with spaces around */
	const char *nameless;/* options after which nothing can be told, likewise */
	const char *module;  /* options whose value is what is run, likewise */
};

static const struct interpreter interpreters[] = {
	{"python", " -W -X -Q --check-hash-based-pycs ", " -c - ", " -m "},
	{"pypy", " -W -X ", " -c - ", " -m "},
	{"node", " -r --require --import --loader --experimental-loader --conditions -C ",
	 " -e --eval -p --print - ", ""},
	{"nodejs", " -r --require --import --loader -C ", " -e --eval -p --print - ", ""},
	{"bun", " -r --preload --cwd -c --config ", " -e --eval ", ""},
	{"deno", " -c --config --import-map --location ", " eval ", ""},
	{"ruby", " -C -I -r -E ", " -e ", " -S "},
	{"perl", " -I ", " -e -E ", ""},
	{"php", " -c -d -z -S -t ", " -r -B -R -F -E ", " -f "},
	{"java",
	 " -cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports "
	 "--add-reads --limit-modules --upgrade-module-path ",
	 "", " -jar -m --module "},
	{"dotnet", " --additionalprobingpath --depsfile --runtimeconfig --fx-version ", "",
	 " exec "},
	{"mono", " --config ", "", ""},
	{"sh", " -o -O +O ", " -c -s ", ""},
	{"bash", " -o -O +O --rcfile --init-file ", " -c -s ", ""},
	{"dash", " -o ", " -c -s ", ""},
	{"zsh", " -o ", " -c -s ", ""},
	{"tclsh", "", "", ""},
	{"lua", " -l ", " -e ", ""},
	{"Rscript", "", " -e ", ""},
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_name(struct names *names, const char *name, size_t n)
{
	char *copy;

	if (n == 0 || n > LONGEST_NAME || names->n == MOST_NAMES)
		return;
	for (size_t i = 0; i < names->n; i++) {
		if (strncmp(names->list[i], name, n) == 0 && !names->list[i][n])
			return;
	}
	copy = arena_strndup(names->arena, name, n);
	if (copy)
		names->list[names->n++] = copy;
}

/* "python3.11" is python, "node18" is node, "nginx" is nginx. */
static size_t length_without_version(const char *name)
{
	size_t n = strlen(name), kept = n;

	while (kept > 1 &&
	       ((name[kept - 1] >= '0' && name[kept - 1] <= '9') || name[kept - 1] == '.'))
		kept--;
	return kept < n && name[kept - 1] == '-' && kept > 1 ? kept - 1 : kept;
}

static const struct interpreter *find_interpreter(const char *program)
{
	size_t n = length_without_version(program);

	for (size_t i = 0; i < N_ELEMENTS(interpreters); i++) {
		if (strlen(interpreters[i].name) == n &&
		    strncmp(interpreters[i].name, program, n) == 0)
			return &interpreters[i];
	}
	return NULL;
}

/* Whether `word` stands in a list with spaces around every entry. */
static bool is_listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	if (n == 0 || strchr(word, ' '))
		return false;
	for (const char *at = strstr(list, word); at; at = strstr(at + 1, word)) {
		if (at > list && at[-1] == ' ' && at[n] == ' ')
			return true;
	}
	return false;
}

/* The package of a script below node_modules: ".../node_modules/@a/b/x.js" is "@a/b". */
static void add_node_package(struct names *names, const char *path)
{
	static const char folder[] = "node_modules/";
	const char *at = NULL;
	size_t n;

	for (const char *next = strstr(path, folder); next; next = strstr(next + 1, folder))
		at = next + sizeof(folder) - 1;
	if (!at || *at == '.')
		return;
	n = strcspn(at, "/");
	if (*at == '@' && at[n] == '/')
		n += 1 + strcspn(at + n + 1, "/");
	add_name(names, at, n);
}

/* A script, module, class or archive by its own name, without the ending that says what it is. */
static void add_script(struct names *names, const char *script, bool is_java)
{
	static const char *const endings[] = {".py", ".pyc", ".js", ".mjs", ".cjs", ".ts", ".rb",
					      ".pl", ".php", ".sh", ".jar", ".war", ".dll", ".exe"};
	const char *base = base_name(script);
	const char *dot = strrchr(base, '.');
	size_t n = strlen(base);
	bool is_file = false;

	for (size_t i = 0; dot && i < N_ELEMENTS(endings); i++)
		is_file = is_file || strcmp(dot, endings[i]) == 0;
	if (is_file)
		n = (size_t)(dot - base);
	if (strcmp(base, "__main__.py") == 0 && base > script + 1) {
		const char *end = base - 1;

		while (end > script && end[-1] != '/')
			end--;
		add_name(names, end, (size_t)(base - 1 - end));
		return;
	}
	add_node_package(names, script);
	add_name(names, base, n);
	if (is_java && is_file) {
		const char *dash = strpbrk(base, "-_");

		while (dash && !(dash[1] >= '0' && dash[1] <= '9'))
			dash = strpbrk(dash + 1, "-_");
		if (dash)
			add_name(names, base, (size_t)(dash - base));
	}
	if (is_java && !is_file && dot)
		add_name(names, dot + 1, strlen(dot + 1));
}

/* Walk an interpreter's arguments up to what it runs. */
static void add_interpreted(struct names *names, const struct interpreter *in,
			    const char *const *command)
{
	bool is_java = strcmp(in->name, "java") == 0;

	for (const char *const *arg = command + 1; *arg; arg++) {
		if (is_listed(in->nameless, *arg))
			return;
		if (is_listed(in->module, *arg)) {
			if (arg[1])
				add_script(names, arg[1], is_java);
			return;
		}
		if (is_listed(in->valued, *arg)) {
			if (!*++arg)
				return;
			continue;
		}
		if (**arg != '-' && **arg != '+') {
			bool is_runner =
				strcmp(*arg, "run") == 0 &&
				(strcmp(in->name, "deno") == 0 || strcmp(in->name, "bun") == 0);

			if (is_runner)
				continue;
			add_script(names, *arg, is_java);
			return;
		}
	}
}

/*
 * Programs that rewrite their argument vector say who they are in its first word: "kibana",
 * "gunicorn: master [app]", "puma 5.6.5 (tcp://...) [app]", "next-server (v14)". Believed only of
 * interpreters, whose executable says nothing; an interpreter's own name or "-bash" is no title.
 */
static void add_title(struct names *names, const char *const *command)
{
	size_t n = strcspn(command[0], ": ");
	char *title;

	if ((command[1] && *command[1]) || n > LONGEST_NAME || command[0][0] == '-' ||
	    memchr(command[0], '/', n))
		return;
	title = arena_strndup(names->arena, command[0], n);
	if (title && !find_interpreter(title))
		add_name(names, title, n);
}

static bool is_multi_call(const char *program)
{
	return strcmp(program, "busybox") == 0 || strcmp(program, "toybox") == 0;
}

static void collect(struct names *names, const struct live_process *p)
{
	const struct interpreter *in = p->program ? find_interpreter(p->program) : NULL;
	bool has_command = p->command && p->command[0];
	size_t n;

	if (!p->program)
		return;
	if (in) {
		if (has_command)
			add_title(names, p->command);
		if (has_command && names->n == 0)
			add_interpreted(names, in, p->command);
		return;
	}
	if (is_multi_call(p->program) && has_command) {
		const char *called = base_name(p->command[0]);

		if (is_multi_call(called) && p->command[1])
			called = p->command[1];
		add_name(names, called, strlen(called));
		return;
	}
	n = strlen(p->program);
	if (n > 4 && str_casecmp(p->program + n - 4, ".exe") == 0)
		n -= 4;
	add_name(names, p->program, n);
}

const char *const *identify_process(const struct live_process *p, struct arena *arena)
{
	struct names names = {.arena = arena};

	collect(&names, p);
	if (arena_failed(arena))
		return NULL;
	return arena_grow(arena, names.list, names.n, names.n + 1, sizeof(*names.list));
}

const char *identify_label(const struct live_process *p, struct arena *arena)
{
	const char *const *names = identify_process(p, arena);

	return names && names[0] ? names[0] : p->program;
}
