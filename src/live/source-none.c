/*
 * The null platform: no way to look at sockets on this system. Everything else of berth works.
 */
#include "live/source.h"

#include "base/lang.h"

#include <stdlib.h>
#include <time.h>

static int look(struct source *s BERTH_UNUSED, const struct live_request *request BERTH_UNUSED,
		struct arena *arena BERTH_UNUSED, struct live_snapshot *out)
{
	static const struct live_gap gaps[] = {
		{
			.what = "sockets",
			.where = N_("this system"),
			.why = N_("this build of berth knows no way to ask it"),
		},
		{
			.what = "rules",
			.where = N_("this system"),
			.why = N_("this build of berth knows no way to ask it"),
		},
	};
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct live_snapshot){
		.system = LIVE_OTHER,
		.at = (live_time)now.tv_sec * 1000000000 + now.tv_nsec,
		.gaps = gaps,
		.n_gaps = N_ELEMENTS(gaps),
	};
	return 0;
}

static void close_none(struct source *s BERTH_UNUSED)
{
}

int source_open_system(struct source **out)
{
	static const struct source_ops ops = {.look = look, .close = close_none};
	static struct source none = {.ops = &ops};

	*out = &none;
	return 0;
}
