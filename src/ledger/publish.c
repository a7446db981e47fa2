#include "ledger/publish.h"

#include "base/fd.h"
#include "base/image.h"
#include "base/replace.h"
#include "ledger/claims-image.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* One change on its way. */
struct publication {
	const struct ledger_place *place;
	struct publish_report *report;
	struct replace replace;
	struct store *store;
	struct str image;
	int64_t now_ns;
	bool had_mark; /* somebody before did not come to the end */
};

static int at(struct publication *p, enum publish_step step, int r)
{
	if (r < 0)
		p->report->step = step;
	return r;
}

static int set_mark(struct publication *p)
{
	BERTH_CLEANUP(fd_closep) int fd = open(p->place->mark, O_WRONLY | O_CREAT | O_EXCL |
					       O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 && errno == EEXIST) {
		p->had_mark = true;
		return 0;
	}
	if (fd < 0)
		return -errno;
	return replace_sync_directory(p->place->mark);
}

/* Without an image that can be read there is nothing to leave as it is. */
static bool has_image(const struct publication *p)
{
	const char *reason = NULL;
	struct claims_image image;

	if (claims_image_open(&image, p->place->image, p->place->level, &reason) < 0)
		return false;
	claims_image_close(&image);
	return true;
}

static int write_image(struct publication *p)
{
	int r = at(p, PUBLISH_IMAGE, ledger_image(p->store, p->now_ns, &p->image));

	if (r == 0)
		r = at(p, PUBLISH_IMAGE,
		       replace_prepare(&p->replace, p->image.bytes, p->image.length,
				       image_seal(p->image.bytes)));
	return r;
}

/* The transaction. Returns 0 with an image prepared, 1 when nothing is to be published. */
static int change_store(struct publication *p, publish_change *change, void *context)
{
	int r = at(p, PUBLISH_OPEN, store_begin(p->store)), changed;

	if (r < 0)
		return r;
	changed = r = at(p, PUBLISH_CHANGE, change(context, p->store));
	if (r >= 0 && (r == 0 || p->had_mark || !has_image(p)))
		r = write_image(p);
	if (r < 0 || changed == 1) {
		store_rollback(p->store);
		return r;
	}
	r = at(p, PUBLISH_COMMIT, store_commit(p->store));
	p->report->is_committed = r == 0;
	return r;
}

/* After a commit that failed nobody knows what is in the database: the mark stays. */
static bool may_remove_mark(const struct publication *p, int r)
{
	if (r >= 0)
		return true;
	return !p->had_mark && !p->report->is_committed && p->report->step != PUBLISH_COMMIT;
}

static int run(struct publication *p, unsigned int wait_ms, publish_open *open_store,
	       publish_change *change, void *context)
{
	int r = at(p, PUBLISH_MARK, set_mark(p));

	if (r == 0)
		r = at(p, PUBLISH_OPEN, open_store(p->place->database, wait_ms, &p->store));
	if (r == 0)
		r = change_store(p, change, context);
	if (r == 0)
		r = at(p, PUBLISH_PLACE, replace_place(&p->replace));
	p->store = store_close(p->store);
	if (may_remove_mark(p, r))
		unlink(p->place->mark);
	return r < 0 ? r : 0;
}

int publish_run(const struct ledger_place *place, unsigned int wait_ms, int64_t now_ns,
		publish_open *open_store, publish_change *change, void *context,
		struct publish_report *report)
{
	struct publication p = {.place = place, .report = report, .now_ns = now_ns};
	int r;

	*report = (struct publish_report){.step = PUBLISH_LOCK};
	r = at(&p, PUBLISH_LOCK,
	       replace_begin_within(&p.replace, place->image, wait_ms, NULL, NULL));
	if (r < 0)
		return r;
	r = run(&p, wait_ms, open_store, change, context);
	replace_fini(&p.replace);
	str_fini(&p.image);
	return r;
}

/* Changes nothing, and says that it did: the image is written again. */
static int change_nothing(void *context, struct store *store)
{
	(void)context;
	(void)store;
	return 0;
}

/* Killed before there was a database: nothing differs. */
static int remove_stray_mark(const struct ledger_place *place, unsigned int wait_ms)
{
	struct replace lock;
	int r = replace_begin_within(&lock, place->image, wait_ms, NULL, NULL);

	if (r < 0)
		return r;
	if (access(place->database, F_OK) < 0 && unlink(place->mark) < 0 && errno != ENOENT)
		r = -errno;
	replace_fini(&lock);
	return r;
}

int publish_repair(const struct ledger_place *place, unsigned int wait_ms, int64_t now_ns,
		   publish_open *open_store, struct publish_report *report)
{
	*report = (struct publish_report){.step = PUBLISH_LOCK};
	if (access(place->database, F_OK) < 0)
		return errno == ENOENT ? remove_stray_mark(place, wait_ms) : -errno;
	return publish_run(place, wait_ms, now_ns, open_store, change_nothing, NULL, report);
}
