#include "act/stake.h"

#include "act/helper.h"
#include "base/lang.h"
#include "base/replace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HELPER "berth-ledger"

void stake_fini(struct stake_reply *reply)
{
	claims_image_close(&reply->image);
	str_fini(&reply->bytes);
	*reply = (struct stake_reply){.outcome = LEDGER_DONE};
}

static int read_reply(const struct helper_end *end, struct stake_reply *reply)
{
	const char *reason = NULL;
	struct claims_head head;

	if (end->signal != 0 || reply->bytes.length == 0 ||
	    claims_image_open_memory(&reply->image, reply->bytes.bytes, reply->bytes.length,
				     CLAIM_LEVEL_LEDGER, &reason) < 0)
		return -EPROTO;
	head = claims_image_head(&reply->image);
	if (head.outcome > LEDGER_FAILED || (head.outcome != LEDGER_DONE && !head.message))
		return -EPROTO;
	reply->outcome = (enum ledger_outcome)head.outcome;
	reply->message = head.message;
	return 0;
}

enum { MOST_ARGUMENTS = 4 };

static int ask(const char *const *arguments, const struct str *input, struct stake_reply *reply)
{
	const char *words[MOST_ARGUMENTS + 2] = {"--translated"};
	struct helper_end end = {0};
	size_t n = lang_is_translated() ? 1 : 0;
	int r;

	*reply = (struct stake_reply){.outcome = LEDGER_DONE};
	if (input->has_failed)
		return -ENOMEM;
	for (size_t i = 0; i < MOST_ARGUMENTS && arguments[i]; i++)
		words[n++] = arguments[i];
	words[n] = NULL;
	r = helper_run_on(HELPER, words, str_text(input), input->length, CLAIMS_IMAGE_MOST,
			  &reply->bytes, &end);
	if (r == 0)
		r = read_reply(&end, reply);
	if (r < 0)
		stake_fini(reply);
	return r;
}

int stake_claim(const struct ledger_place *place, const struct claim *wanted, size_t n,
		struct stake_reply *reply)
{
	const char *const arguments[] = {"claim", place->database, NULL};
	BERTH_CLEANUP(str_fini) struct str input = {0};
	const struct claims_head head = {0};
	int r = claims_image_write(&head, wanted, n, NULL, 0, &input);

	return r < 0 ? r : ask(arguments, &input, reply);
}

int stake_give_up(const struct ledger_place *place, const char *const *words, size_t n,
		  struct stake_reply *reply)
{
	const char *const arguments[] = {"unclaim", place->database, NULL};
	BERTH_CLEANUP(str_fini) struct str input = {0};

	for (size_t i = 0; i < n; i++) {
		if (strchr(words[i], '\n'))
			return -EINVAL;
		str_printf(&input, "%s\n", words[i]);
	}
	return ask(arguments, &input, reply);
}

int stake_log(const struct ledger_place *place, unsigned int most, struct stake_reply *reply)
{
	char number[16];
	const char *const arguments[] = {"log", place->database, number, NULL};
	const struct str nothing = {0};

	snprintf(number, sizeof(number), "%u", most);
	return ask(arguments, &nothing, reply);
}

/* Whether somebody is writing right now: then the mark is his. */
static bool is_at_work(const struct ledger_place *place)
{
	struct replace probe;
	int r = replace_begin_within(&probe, place->image, 0, NULL, NULL);

	if (r == 0)
		replace_fini(&probe);
	return r == -ETIMEDOUT;
}

bool stake_is_unfinished(const struct ledger_place *place)
{
	enum { LONG_S = 10 }; /* a writer needs a few milliseconds */
	struct stat st;

	return stat(place->mark, &st) == 0 && time(NULL) - st.st_mtime > LONG_S;
}

int stake_settle(const struct ledger_place *place, bool is_missing, struct stake_reply *reply)
{
	const char *const arguments[] = {"repair", place->database, NULL};
	bool is_marked = access(place->mark, F_OK) == 0;
	const struct str nothing = {0};
	int r;

	*reply = (struct stake_reply){.outcome = LEDGER_DONE};
	if (!is_marked && (!is_missing || access(place->database, F_OK) < 0))
		return 0;
	if (is_at_work(place))
		return 0;
	r = ask(arguments, &nothing, reply);
	return r < 0 ? r : reply->outcome != LEDGER_DONE;
}
