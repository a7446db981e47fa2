#include "live/recording-fields.h"

#define ROW(type_, record, key_, member)                                                           \
	{                                                                                          \
		.key = key_, .type = type_, .at = offsetof(struct record, member),                 \
		.has_at = FIELD_ALWAYS                                                             \
	}
#define ROW_HAS(type_, record, key_, member, has)                                                  \
	{                                                                                          \
		.key = key_, .type = type_, .at = offsetof(struct record, member),                 \
		.has_at = offsetof(struct record, has)                                             \
	}

static const struct field rules_rows[] = {
	ROW_HAS(FIELD_SPAN, live_rules, "ephemeral", ephemeral, has_ephemeral),
	ROW_HAS(FIELD_U32, live_rules, "unprivileged", unprivileged_start, has_privileged),
	ROW_HAS(FIELD_RESERVED, live_rules, "reserved", reserved, has_reserved),
	ROW(FIELD_SPANS, live_rules, "excluded-tcp", excluded_tcp),
	ROW(FIELD_SPANS, live_rules, "excluded-udp", excluded_udp),
	ROW(FIELD_SPANS, live_rules, "guest-tcp", guest_tcp),
	ROW(FIELD_SPANS, live_rules, "guest-udp", guest_udp),
	ROW(FIELD_MAYBE, live_rules, "v6only-default", has_v6only_default),
	ROW(FIELD_MAYBE, live_rules, "may-bind-privileged", may_bind_privileged),
	ROW_HAS(FIELD_U32, live_rules, "uid", uid, has_uid),
	ROW(FIELD_U32, live_rules, "kernel", kernel),
};

static const struct field namespace_rows[] = {
	ROW(FIELD_FLAG, live_namespace, "here", is_here),
	ROW(FIELD_FLAG, live_namespace, "text", is_read_as_text),
	ROW(FIELD_TEXT, live_namespace, "name", name),
	ROW(FIELD_TEXT, live_namespace, "container", container),
};

static const struct field process_rows[] = {
	ROW(FIELD_TEXT, live_process, "program", program),
	ROW(FIELD_TEXT, live_process, "path", path),
	ROW(FIELD_FLAG, live_process, "deleted", is_path_deleted),
	ROW(FIELD_WORDS, live_process, "command", command),
	ROW(FIELD_FLAG, live_process, "cut", is_command_cut),
	ROW(FIELD_TEXT, live_process, "directory", directory),
	ROW(FIELD_U32, live_process, "uid", uid),
	ROW(FIELD_TEXT, live_process, "user", user),
	ROW(FIELD_INSTANT, live_process, "started", started),
	ROW(FIELD_TEXT, live_process, "unit", unit),
	ROW(FIELD_TEXT, live_process, "container", container),
	ROW(FIELD_TEXT, live_process, "login", login),
	ROW(FIELD_PARENTS, live_process, "parents", parents),
};

static const struct field socket_rows[] = {
	ROW(FIELD_FLAG, live_socket, "dual", is_dual_stack),
	ROW(FIELD_NAMESPACE, live_socket, "ns", ns),
	ROW(FIELD_TEXT, live_socket, "interface", interface),
	ROW_HAS(FIELD_QUEUE, live_socket, "queue", queued, has_queue),
	ROW(FIELD_U32, live_socket, "inode", inode),
	ROW(FIELD_U64, live_socket, "cookie", cookie),
	ROW_HAS(FIELD_U32, live_socket, "uid", uid, has_uid),
	ROW(FIELD_TEXT, live_socket, "user", user),
	ROW(FIELD_U32, live_socket, "expires", expires_ms),
	ROW(FIELD_STAGE, live_socket, "stage", stage),
	ROW(FIELD_FLAG, live_socket, "remnant", is_remnant),
	ROW(FIELD_MAYBE, live_socket, "v6only", v6only),
	ROW(FIELD_MAYBE, live_socket, "reuse-address", reuse_address),
	ROW(FIELD_MAYBE, live_socket, "reuse-port", reuse_port),
	ROW(FIELD_U64, live_socket, "cgroup", cgroup_id),
	ROW(FIELD_TEXT, live_socket, "unit", unit),
	ROW(FIELD_TEXT, live_socket, "container", container),
	ROW(FIELD_TEXT, live_socket, "activates", activates),
	ROW(FIELD_WORDS, live_socket, "starts", starts),
	ROW(FIELD_SEARCH, live_socket, "search", owners_search),
	ROW(FIELD_OWNERS, live_socket, "owners", owners),
};

static const struct field published_rows[] = {
	ROW_HAS(FIELD_ADDRESS, live_published, "at", address, has_address),
	ROW_HAS(FIELD_ADDRESS, live_published, "to", to, has_to),
	ROW(FIELD_TEXT, live_published, "to-name", to_name),
	ROW(FIELD_FLAG, live_published, "here", is_to_here),
	ROW(FIELD_PORTS, live_published, "ports", to_ports),
	ROW(FIELD_TEXT, live_published, "by", by),
	ROW(FIELD_TEXT, live_published, "container", container),
	ROW(FIELD_TEXT, live_published, "note", note),
	ROW(FIELD_U64, live_published, "via", via),
	ROW(FIELD_U64, live_published, "listener", listener),
};

static const struct field container_rows[] = {
	ROW(FIELD_TEXT, live_container, "name", name),
	ROW(FIELD_TEXT, live_container, "image", image),
	ROW(FIELD_TEXT, live_container, "runtime", runtime),
};

static const struct field gap_rows[] = {
	ROW(FIELD_TEXT, live_gap, "what", what),   ROW(FIELD_TEXT, live_gap, "where", where),
	ROW(FIELD_TEXT, live_gap, "why", why),     ROW(FIELD_TEXT, live_gap, "fix", fix),
	ROW(FIELD_U32, live_gap, "similar", n_similar),
};

#define TABLE(name, rows)                                                                          \
	{                                                                                          \
		.record = name, .fields = rows, .n_fields = N_ELEMENTS(rows)                       \
	}

const struct field_table recording_rules_fields = TABLE("rules", rules_rows);
const struct field_table recording_namespace_fields = TABLE("namespace", namespace_rows);
const struct field_table recording_process_fields = TABLE("process", process_rows);
const struct field_table recording_socket_fields = TABLE("socket", socket_rows);
const struct field_table recording_published_fields = TABLE("published", published_rows);
const struct field_table recording_container_fields = TABLE("container", container_rows);
const struct field_table recording_gap_fields = TABLE("gap", gap_rows);

const char recording_first_line[] = "berth-world 1";

enum live_search recording_default_search(enum live_state state)
{
	return state == LIVE_TIME_WAIT ? LIVE_SEARCH_NONE : LIVE_SEARCH_ALL;
}
