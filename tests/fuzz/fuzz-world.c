/*
 * Fuzz target: the reader of recordings. What it accepts must survive being written and read again
 * without a change, must be answerable, and must still be readable when it was scrubbed.
 */
#include "base/str.h"
#include "live/recording.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void read_again(const struct live_snapshot *s, const bool *const *late, struct str *out)
{
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct recording again;

	demand(recording_write(s, (struct recording_options){.late_owners = late}, out) == 0);
	demand(recording_read(out->bytes, out->length, "again", &arena, &again, error) == 0);
	demand(again.snapshot.n_sockets == s->n_sockets);
	demand(again.snapshot.n_gaps == s->n_gaps);
	arena_fini(&arena);
}

static void check_fixed_point(const struct recording *r)
{
	struct str first = {0}, second = {0};
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct recording again;

	read_again(&r->snapshot, r->late_owners, &first);
	demand(recording_read(first.bytes, first.length, "first", &arena, &again, error) == 0);
	read_again(&again.snapshot, again.late_owners, &second);
	demand(first.length == second.length);
	demand(memcmp(first.bytes, second.bytes, first.length) == 0);
	arena_fini(&arena);
	str_fini(&first);
	str_fini(&second);
}

static void check_answers(const struct recording *r, struct arena *arena)
{
	static const enum live_scope scopes[] = {LIVE_SCOPE_ALL, LIVE_SCOPE_HERE, LIVE_SCOPE_NAMED};
	struct live_request request = live_request_default();
	struct live_snapshot out;

	for (size_t i = 0; i < N_ELEMENTS(scopes); i++) {
		request.scope = scopes[i];
		request.netns = "here";
		request.want = i == 0 ? 7 : LIVE_WANT_LISTENERS;
		request.want_all_owners = i == 1;
		demand(recording_select(r, &request, arena, &out) == 0);
		demand(out.n_sockets <= r->snapshot.n_sockets);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct live_snapshot scrubbed;
	struct recording r;
	struct str text = {0};
	int result = recording_read((const char *)bytes, n, "f\033uzz", &arena, &r, error);

	if (result < 0) {
		demand(strlen(error) < RECORDING_ERROR_SIZE);
		demand(strncmp(error, "f\\x1buzz:", 9) == 0);
		demand(str_is_utf8(error) && !strpbrk(error, "\n\033"));
	} else {
		check_fixed_point(&r);
		check_answers(&r, &arena);
		demand(recording_scrub(&r.snapshot, &arena, &scrubbed) == 0);
		read_again(&scrubbed, NULL, &text);
	}
	str_fini(&text);
	arena_fini(&arena);
	return 0;
}
