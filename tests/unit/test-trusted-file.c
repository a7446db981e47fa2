/* Images as files: who may have written one, and what stands where a file should. */
#include "base/image.h"
#include "base/trusted-file.h"
#include "registry/format.h"
#include "helpers/tiny-registry.h"

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

static void write_file(const char *path, const void *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int open_registry(const char *path)
{
	const char *reason = NULL;
	struct registry r = {0};
	int error = registry_open_file(&r, path, &reason);

	if (error == 0)
		tiny_registry_walk(&r, 257);
	else
		assert_non_null(reason);
	registry_close(&r);
	return error;
}

static void test_files(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0}, other = {0};
	char folder[] = "/tmp/berth-test-image-XXXXXX", path[64], pipe_path[64];
	const char *reason = NULL;
	struct image image;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/image", folder);
	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", folder);
	tiny_registry_make(&good);
	tiny_registry_make(&other);
	((struct image_header *)(void *)other.bytes)->kind = IMAGE_ID('t', 'e', 's', 't');
	assert_int_equal(open_registry(path), -ENOENT);
	assert_int_equal(open_registry(folder), -EINVAL);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_int_equal(open_registry(pipe_path), -EINVAL);
	write_file(path, "", 0, 0644);
	assert_int_equal(open_registry(path), -ENODATA);
	write_file(path, "no image at all, just a text", 28, 0644);
	assert_int_equal(open_registry(path), -ENOEXEC);
	write_file(path, other.bytes, other.length, 0644);
	assert_int_equal(open_registry(path), -EPROTOTYPE);
	write_file(path, good.bytes, good.length - 8, 0644);
	assert_int_equal(open_registry(path), -ENODATA);
	write_file(path, good.bytes, good.length, 0664);
	assert_int_equal(open_registry(path), -EPERM);
	write_file(path, good.bytes, good.length, 0646);
	assert_int_equal(open_registry(path), -EPERM);
	write_file(path, good.bytes, good.length, 0644);
	assert_int_equal(open_registry(path), 0);
	assert_int_equal(image_open(&image, path, good.length - 1, REGISTRY_KIND,
				    REGISTRY_KIND_VERSION, &reason),
			 -EFBIG);
	if (geteuid() == 0) { /* a stranger's file: only root can make one */
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(open_registry(path), -EPERM);
	}
	unlink(path);
	unlink(pipe_path);
	rmdir(folder);
}

static void test_mapping_outlives_the_name(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0};
	char path[] = "/tmp/berth-test-image-XXXXXX";
	const char *reason = NULL;
	struct registry r;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	tiny_registry_make(&good);
	write_file(path, good.bytes, good.length, 0600);
	assert_int_equal(registry_open_file(&r, path, &reason), 0);
	unlink(path);
	assert_string_equal(registry_name(&r, 3476, TRANSPORT_TCP), "nppmp");
	assert_false(registry_source(&r).is_built_in);
	registry_close(&r);
	registry_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_mapping_outlives_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
