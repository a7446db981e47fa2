#include "live/container-state.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

enum { MOST_NAME = 255 };

bool container_state_docker(const char *bytes, size_t n, struct arena *arena,
			    struct live_container *out)
{
	struct json j = {bytes, bytes + n};
	char key[JSON_KEY_SIZE];

	if (!json_enter(&j, '{'))
		return false;
	while (json_key(&j, key)) {
		if (strcmp(key, "Name") == 0) {
			const char *name = json_text(&j, arena);

			out->name = name && *name == '/' ? name + 1 : name;
		} else if (strcmp(key, "Config") == 0 && json_enter(&j, '{')) {
			while (json_key(&j, key)) {
				if (strcmp(key, "Image") == 0)
					out->image = json_text(&j, arena);
				else
					json_skip(&j);
			}
		} else {
			json_skip(&j);
		}
	}
	out->runtime = "docker";
	return out->name || out->image;
}

/* The metadata of a container is a text that is JSON again. */
static void read_metadata(const char *text, struct arena *arena, struct live_container *out)
{
	struct json j = {text, text + strlen(text)};
	char key[JSON_KEY_SIZE];

	if (!json_enter(&j, '{'))
		return;
	while (json_key(&j, key)) {
		if (strcmp(key, "image-name") == 0)
			out->image = json_text(&j, arena);
		else if (strcmp(key, "name") == 0 && !out->name)
			out->name = json_text(&j, arena);
		else if (strcmp(key, "pod-name") == 0) {
			out->runtime = "cri-o";
			json_skip(&j);
		} else {
			json_skip(&j);
		}
	}
}

/* One object of the list; true when it is the wanted one. */
static bool read_stored(struct json *j, struct arena *arena, struct live_container *out)
{
	struct live_container found = {.id = out->id, .runtime = "podman"};
	const char *id = NULL, *metadata = NULL;
	char key[JSON_KEY_SIZE];

	if (!json_enter(j, '{')) {
		json_skip(j);
		return false;
	}
	while (json_key(j, key)) {
		if (strcmp(key, "id") == 0) {
			id = json_text(j, arena);
		} else if (strcmp(key, "metadata") == 0) {
			metadata = json_text(j, arena);
		} else if (strcmp(key, "names") == 0 && json_enter(j, '[')) {
			while (json_item(j)) {
				const char *name = json_text(j, arena);

				found.name = found.name ? found.name : name;
			}
		} else {
			json_skip(j);
		}
	}
	if (!id || strcmp(id, out->id) != 0)
		return false;
	if (metadata)
		read_metadata(metadata, arena, &found);
	*out = found;
	return true;
}

bool container_state_storage(const char *bytes, size_t n, struct arena *arena,
			     struct live_container *out)
{
	struct json j = {bytes, bytes + n};

	if (!json_enter(&j, '['))
		return false;
	while (json_item(&j)) {
		struct arena_mark mark = arena_mark(arena);

		if (read_stored(&j, arena, out))
			return true;
		arena_reset(arena, mark);
	}
	return false;
}

/* What an annotation is good for, by its key. */
static const struct {
	const char *key, *runtime;
	bool is_image;
} annotations[] = {
	{"io.kubernetes.cri.container-name", "containerd", false},
	{"io.kubernetes.cri.sandbox-name", "containerd", false},
	{"io.kubernetes.cri.image-name", "containerd", true},
	{"nerdctl/name", "containerd", false},
	{"nerdctl/image-name", "containerd", true},
	{"io.kubernetes.container.name", "cri-o", false},
	{"io.kubernetes.cri-o.ImageName", "cri-o", true},
};

static void read_annotation(struct json *j, const char *key, struct arena *arena,
			    struct live_container *out)
{
	for (size_t i = 0; i < N_ELEMENTS(annotations); i++) {
		const char **member = annotations[i].is_image ? &out->image : &out->name;

		if (strcmp(key, annotations[i].key) != 0)
			continue;
		/* A sandbox lends its name only to a container that has none. */
		if (!*member || !strstr(key, "sandbox"))
			*member = json_text(j, arena);
		else
			json_skip(j);
		out->runtime = annotations[i].runtime;
		return;
	}
	json_skip(j);
}

bool container_state_bundle(const char *bytes, size_t n, struct arena *arena,
			    struct live_container *out)
{
	struct json j = {bytes, bytes + n};
	char key[JSON_KEY_SIZE];

	if (!json_find(&j, "annotations") || !json_enter(&j, '{'))
		return false;
	while (json_key(&j, key))
		read_annotation(&j, key, arena, out);
	return out->name || out->image;
}

/* The status of "HTTP/1.1 200 OK"; 0: it is none. */
static int read_status(const char *bytes, size_t n)
{
	static const char start[] = "HTTP/1.";
	const size_t length = sizeof(start) - 1;
	uint64_t status;

	if (n < length + 5 || memcmp(bytes, start, length) != 0 || bytes[length + 1] != ' ' ||
	    str_parse_u64(bytes + length + 2, 3, 599, &status) < 0 || status < 100)
		return 0;
	return (int)status;
}

/* Whether the reply is about the container that was asked for. */
static bool is_about(struct json body, struct arena *arena, const char *id)
{
	const char *said = json_find(&body, "Id") ? json_text(&body, arena) : NULL;

	return said && strcmp(said, id) == 0;
}

int container_state_reply(const char *bytes, size_t n, struct arena *arena,
			  struct live_container *out)
{
	static const char gap[] = "\r\n\r\n";
	struct live_container found = {.id = out->id};
	int status = read_status(bytes, n);
	const char *body = memmem(bytes, n, gap, sizeof(gap) - 1);
	size_t n_body;

	if (status == 0 || !body)
		return -EBADMSG;
	if (status != 200)
		return status;
	body += sizeof(gap) - 1;
	n_body = n - (size_t)(body - bytes);
	if (!is_about((struct json){body, body + n_body}, arena, out->id) ||
	    !container_state_docker(body, n_body, arena, &found) || !found.name ||
	    !*found.name || strlen(found.name) > MOST_NAME)
		return -EBADMSG;
	out->name = found.name;
	if (!out->image)
		out->image = found.image;
	return 0;
}
