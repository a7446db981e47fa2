#include "cli/ask.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ask {
	int in, out;
	bool is_own; /* the terminal was opened, and is to be closed */
};

struct ask *ask_open(void)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->in = a->out = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	a->is_own = a->in >= 0;
	if (a->is_own)
		return a;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		free(a);
		return NULL;
	}
	a->in = STDIN_FILENO;
	a->out = STDERR_FILENO;
	return a;
}

void ask_close(struct ask *a)
{
	if (a && a->is_own)
		fd_close(a->in);
	free(a);
}

void ask_say(struct ask *a, const char *text)
{
	size_t n = strlen(text);

	while (a && n > 0) {
		ssize_t written = write(a->out, text, n);

		if (written < 0 && errno == EINTR && !ask_interrupted)
			continue;
		if (written < 0)
			return;
		text += written;
		n -= (size_t)written;
	}
}

/* The rest of a longer line is read and forgotten. */
bool ask_read_line(struct ask *a, char *line)
{
	size_t n = 0;
	char c;

	for (;;) {
		ssize_t got = ask_interrupted ? -1 : read(a->in, &c, 1);

		if (got < 0 && errno == EINTR && !ask_interrupted)
			continue;
		if (got <= 0)
			return false;
		if (c == '\n' || c == '\r')
			break;
		if (n < ASK_LINE - 1)
			line[n++] = c;
	}
	line[n] = '\0';
	return true;
}

bool ask_is_watched(void)
{
	return isatty(STDERR_FILENO);
}

/* --- interrupts ------------------------------------------------------------------------------ */

static void note(int number)
{
	if (!ask_interrupted)
		ask_interrupted = number;
}

void ask_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		struct sigaction before;

		/* What a caller such as nohup ignores stays ignored. */
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
	}
}

void ask_reraise(void)
{
	int number = ask_interrupted;

	signal(number, SIG_DFL);
	raise(number);
}
