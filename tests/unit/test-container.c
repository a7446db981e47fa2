/* A container's name and image in the files of its runtime. */
#include "live/container-state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef bool (*reader)(const char *bytes, size_t n, struct arena *arena,
		       struct live_container *out);

static const struct {
	reader read;
	const char *json, *name, *image, *runtime; /* runtime NULL: it says nothing */
} cases[] = {
	{container_state_docker, "{\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\"}}", "web",
	 "nginx:1", "docker"},
	{container_state_docker,
	 " { \"a\" : [ { \"Name\" : \"no\" } , 1e5 , null ] , \"Config\" : { \"x\":{}, "
	 "\"Image\" : \"i\" , \"y\":[[]] } , \"Name\" : \"w\\u00e4\\ud83d\\ude00\\n\" } ",
	 "w\xc3\xa4\xf0\x9f\x98\x80\n", "i", "docker"},
	{container_state_docker, "{\"Name\":7,\"Config\":[\"Image\"]}", NULL, NULL, NULL},
	{container_state_docker, "{\"Name\":\"/we", NULL, NULL, NULL},
	{container_state_docker, "[]", NULL, NULL, NULL},
	{container_state_docker, "", NULL, NULL, NULL},
	{container_state_storage,
	 "[{\"id\":\"f\",\"names\":[\"no\"]},{\"id\":\"" ID "\",\"names\":[\"web\",\"x\"],"
	 "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/tiny:1\\\",\\\"name\\\":\\\"n\\\"}\"}]",
	 "web", "localhost/tiny:1", "podman"},
	{container_state_storage,
	 "[{\"metadata\":\"{\\\"pod-name\\\":\\\"p\\\",\\\"name\\\":\\\"k8s_c\\\"}\","
	 "\"id\":\"" ID "\",\"names\":[]}]", "k8s_c", NULL, "cri-o"},
	{container_state_storage, "[1,[],\"\",{\"id\":\"" ID "\",\"names\":\"web\"}]", NULL, NULL,
	 "podman"},
	{container_state_storage, "[{\"id\":\"f\"}]", NULL, NULL, NULL},
	{container_state_storage, "[:]", NULL, NULL, NULL},
	{container_state_bundle,
	 "{\"process\":{\"annotations\":{\"nerdctl/name\":\"no\"}},\"annotations\":"
	 "{\"io.kubernetes.cri.sandbox-name\":\"cart-7\",\"io.kubernetes.cri.container-name\":"
	 "\"cart\",\"io.kubernetes.cri.image-name\":\"nginx:2\"}}", "cart", "nginx:2",
	 "containerd"},
	{container_state_bundle,
	 "{\"annotations\":{\"io.kubernetes.container.name\":\"c\",\"x\":3}}", "c", NULL, "cri-o"},
	{container_state_bundle, "{\"annotations\":{}}", NULL, NULL, NULL},
	{container_state_bundle, "{\"hostname\":\"x\"}", NULL, NULL, NULL},
};

static void check_text(const char *json, const char *got, const char *wanted)
{
	if (!got != !wanted || (got && strcmp(got, wanted) != 0))
		fail_msg("%s: \"%s\" is not \"%s\"", json, got ? got : "nothing",
			 wanted ? wanted : "nothing");
}

static void test_states(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct live_container c = {.id = ID};
		struct arena arena = {0};
		bool says = cases[i].read(cases[i].json, strlen(cases[i].json), &arena, &c);

		if (says != (cases[i].runtime != NULL))
			fail_msg("%s: %s", cases[i].json, says ? "says something" : "says nothing");
		if (says) {
			check_text(cases[i].json, c.name, cases[i].name);
			check_text(cases[i].json, c.image, cases[i].image);
			check_text(cases[i].json, c.runtime, cases[i].runtime);
		}
		arena_fini(&arena);
	}
}

#define OK "HTTP/1.0 200 OK\r\nA: b\r\n\r\n"

/* Replies of an API; `r` as container_state_reply() returns it. */
static const struct {
	const char *reply;
	int r;
	const char *name, *image;
} replies[] = {
	{OK "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"i\"}}", 0, "web", "i"},
	{OK "{\"Config\":{\"Id\":3},\"Name\":\"web\",\"Id\":\"" ID "\"}", 0, "web", NULL},
	{"HTTP/1.1 200\r\n\r\n{\"Id\":\"" ID "\",\"Name\":\"/w\\u001b[31m\"}", 0, "w\x1b[31m",
	 NULL},
	{OK "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":", 0, "web", NULL},
	/* another container, no name, a name that is none */
	{OK "{\"Id\":\"f\",\"Name\":\"/web\"}", -EBADMSG, NULL, NULL},
	{OK "{\"Name\":\"/web\"}", -EBADMSG, NULL, NULL},
	{OK "{\"x\":{\"Id\":\"" ID "\"},\"Name\":\"/web\"}", -EBADMSG, NULL, NULL},
	{OK "{\"Id\":\"" ID "\"}", -EBADMSG, NULL, NULL},
	{OK "{\"Id\":\"" ID "\",\"Name\":\"/\"}", -EBADMSG, NULL, NULL},
	{OK "{\"Id\":\"" ID "\",\"Name\":[\"/web\"]}", -EBADMSG, NULL, NULL},
	{OK "[[[[[[", -EBADMSG, NULL, NULL},
	{OK, -EBADMSG, NULL, NULL},
	/* in chunks, not HTTP, no end of the head */
	{OK "7b\r\n{\"Id\":\"" ID "\",\"Name\":\"/web\"}\r\n0\r\n\r\n", -EBADMSG, NULL, NULL},
	{"{\"Id\":\"" ID "\",\"Name\":\"/web\"}", -EBADMSG, NULL, NULL},
	{"HTTP/1.1 200 OK\r\n", -EBADMSG, NULL, NULL},
	{"HTTP/1.1 2", -EBADMSG, NULL, NULL},
	{"HTTP/1.1 999 Odd\r\n\r\n{}", -EBADMSG, NULL, NULL},
	{"HTTP/1.1 -20 Odd\r\n\r\n{}", -EBADMSG, NULL, NULL},
	{"", -EBADMSG, NULL, NULL},
	/* refusals */
	{"HTTP/1.0 404 Not Found\r\n\r\n{\"Id\":\"" ID "\",\"Name\":\"/web\"}", 404, NULL, NULL},
	{"HTTP/1.1 500 No\r\n\r\n", 500, NULL, NULL},
};

static void test_replies(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(replies); i++) {
		struct live_container c = {.id = ID};
		struct arena arena = {0};
		int r = container_state_reply(replies[i].reply, strlen(replies[i].reply), &arena,
					      &c);

		if (r != replies[i].r)
			fail_msg("%s: %d is not %d", replies[i].reply, r, replies[i].r);
		check_text(replies[i].reply, c.name, replies[i].name);
		check_text(replies[i].reply, c.image, replies[i].image);
		arena_fini(&arena);
	}
}

/* An image that a file told stays; a name may have 255 bytes. */
static void test_reply_bounds(void **state BERTH_UNUSED)
{
	struct live_container c = {.id = ID, .image = "known"};
	struct arena arena = {0};
	char reply[1024], name[257];
	int n;

	for (size_t length = 255; length <= 256; length++) {
		memset(name, 'x', length);
		name[length] = '\0';
		n = snprintf(reply, sizeof(reply), "%s{\"Id\":\"%s\",\"Name\":\"/%s\","
			     "\"Config\":{\"Image\":\"new\"}}", OK, ID, name);
		assert_int_equal(container_state_reply(reply, (size_t)n, &arena, &c),
				 length == 255 ? 0 : -EBADMSG);
		assert_int_equal(strlen(c.name), 255);
		assert_string_equal(c.image, "known");
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_reply_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
