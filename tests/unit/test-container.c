/* A container's name and image in the files of its runtime. */
#include "live/container-state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
