/* No terminal to ask at: whoever means it says -y. */
#include "cli/ask.h"

#include <stddef.h>

volatile sig_atomic_t ask_interrupted;

struct ask *ask_open(void)
{
	return NULL;
}

void ask_close(struct ask *a BERTH_UNUSED)
{
}

void ask_say(struct ask *a BERTH_UNUSED, const char *text BERTH_UNUSED)
{
}

bool ask_yes(struct ask *a BERTH_UNUSED, const char *fmt BERTH_UNUSED, ...)
{
	return false;
}

bool ask_is_watched(void)
{
	return false;
}

void ask_catch(void)
{
}

bool ask_was_interrupted(void)
{
	return false;
}

void ask_reraise(void)
{
}
