#include "base/fd.h"
#include "base/image-writer.h"
#include "base/image.h"
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KIND IMAGE_ID('t', 'e', 's', 't')

/* A scratch folder; "%s/a/b/file" is where files are replaced. */
struct place {
	char folder[64], file[128], beside[160];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->folder, sizeof(p->folder), "/tmp/berth-replace-XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->file, sizeof(p->file), "%s/a/b/file", p->folder);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	static const char *const names[] = {"a/b/file", "a/b/file.lock", "a/b/file.new",
					    "a/b",	"a",		 ""};
	struct place *p = *state;

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		snprintf(p->beside, sizeof(p->beside), "%s/%s", p->folder, names[i]);
		(void)!remove(p->beside);
	}
	free(p);
	return 0;
}

static void assert_holds(const char *path, const char *wanted)
{
	char *bytes = NULL;
	size_t n = 0;

	assert_int_equal(fd_slurp_at(AT_FDCWD, path, 1 << 20, &bytes, &n), 0);
	assert_string_equal(bytes, wanted);
	free(bytes);
}

static void test_replace(void **state)
{
	struct place *p = *state;
	struct replace r;
	struct stat st;

	umask(0077);
	assert_int_equal(replace_begin(&r, p->file, NULL, NULL), 0);
	assert_int_equal(replace_commit(&r, "one", 3, 5), 0);
	assert_int_equal(replace_commit(&r, "second", 6, 123456789), 0);
	replace_fini(&r);
	assert_holds(p->file, "second");
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	snprintf(p->beside, sizeof(p->beside), "%s.new", p->file);
	assert_int_equal(access(p->beside, F_OK), -1);
}

/* A link where the new file is to be, or a half of one, is in nobody's way. */
static void test_leftovers(void **state)
{
	struct place *p = *state;
	struct replace r;

	assert_int_equal(replace_begin(&r, p->file, NULL, NULL), 0);
	snprintf(p->beside, sizeof(p->beside), "%s.new", p->file);
	assert_int_equal(symlink("/dev/full", p->beside), 0);
	assert_int_equal(replace_commit(&r, "one", 3, 0), 0);
	assert_holds(p->file, "one");
	assert_int_equal(mkdir(p->beside, 0755), 0); /* a folder is */
	assert_true(replace_commit(&r, "two", 3, 0) < 0);
	assert_holds(p->file, "one");
	replace_fini(&r);
}

static void test_refused(void **state)
{
	struct place *p = *state;
	struct replace r;

	assert_int_equal(replace_begin(&r, "/dev/null/x/file", NULL, NULL), -ENOTDIR);
	assert_int_equal(replace_begin(&r, "/proc/nothing/file", NULL, NULL), -ENOENT);
	assert_int_equal(replace_begin(&r, p->file, NULL, NULL), 0);
	assert_false(r.has_waited);
	replace_fini(&r);
}

/* What was sealed is not read again; what was written to since is. */
static void test_seal(void **state)
{
	struct place *p = *state;
	struct image_writer w = {0};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *reason = NULL;
	struct image image;
	struct replace r;
	int fd;

	assert_int_not_equal(image_writer_string(&w, "some text in the pool of strings"), 0);
	assert_int_equal(image_writer_finish(&w, KIND, 1, &bytes), 0);
	image_writer_fini(&w);
	assert_int_equal(replace_begin(&r, p->file, NULL, NULL), 0);
	assert_int_equal(replace_commit(&r, bytes.bytes, bytes.length, image_seal(bytes.bytes)), 0);
	replace_fini(&r);
	assert_int_equal(image_open(&image, p->file, 1 << 20, KIND, 1, &reason), 0);
	assert_true(image.is_sealed);
	image_close(&image);

	fd = open(p->file, O_WRONLY);
	assert_int_equal(pwrite(fd, "S", 1, (off_t)bytes.length - 40), 1);
	close(fd);
	assert_int_equal(image_open(&image, p->file, 1 << 20, KIND, 1, &reason), -EBADMSG);
	fd = open(p->file, O_WRONLY);
	assert_int_equal(pwrite(fd, bytes.bytes, bytes.length, 0), (ssize_t)bytes.length);
	close(fd);
	assert_int_equal(image_open(&image, p->file, 1 << 20, KIND, 1, &reason), 0);
	assert_false(image.is_sealed);
	image_close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace, make_place, remove_place),
		cmocka_unit_test_setup_teardown(test_leftovers, make_place, remove_place),
		cmocka_unit_test_setup_teardown(test_refused, make_place, remove_place),
		cmocka_unit_test_setup_teardown(test_seal, make_place, remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
