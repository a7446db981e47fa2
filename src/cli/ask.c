#include "cli/ask.h"

#include "base/lang.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

volatile sig_atomic_t ask_interrupted;

bool ask_yes(struct ask *a, const char *fmt, ...)
{
	struct str safe = {0};
	char line[ASK_LINE], question[512];
	va_list args;
	bool has_answer;

	if (!a || ask_interrupted)
		return false;
	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	str_append_escaped(&safe, question, false);
	ask_say(a, str_text(&safe));
	str_fini(&safe);
	has_answer = ask_read_line(a, line);
	if (!has_answer)
		ask_say(a, "\n");
	return has_answer && (str_casecmp(line, "y") == 0 || str_casecmp(line, "yes") == 0 ||
			      str_casecmp(line, _("y")) == 0 || str_casecmp(line, _("yes")) == 0);
}

bool ask_was_interrupted(void)
{
	return ask_interrupted != 0;
}
