#include "live/xnu-process.h"

#include "live/xnu-layout.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(((struct xnu_process *)0)->name) >
		       sizeof(((struct xnu_bsdinfo *)0)->name),
	       "names fit");

/* A name that fills its room has no terminator. */
static void copy_name(const char *from, size_t n, char *to)
{
	n = strnlen(from, n);
	memcpy(to, from, n);
	to[n] = '\0';
}

int xnu_process_decode(const void *bytes, size_t n, struct xnu_process *out)
{
	const uint64_t s_max = INT64_MAX / 1000000000 - 1;
	struct xnu_bsdinfo info;

	if (n < sizeof(info))
		return -EBADMSG;
	memcpy(&info, bytes, sizeof(info));
	*out = (struct xnu_process){
		.pid = info.pid,
		.parent = info.parent,
		.uid = info.uid,
		.started = LIVE_TIME_NONE,
	};
	if (info.start_s != 0 && info.start_s <= s_max && info.start_us < 1000000)
		out->started = (live_time)(info.start_s * 1000000000 + info.start_us * 1000);
	copy_name(info.name, sizeof(info.name), out->name);
	if (out->name[0] == '\0')
		copy_name(info.comm, sizeof(info.comm), out->name);
	return 0;
}

int xnu_process_decode_short(const void *bytes, size_t n, struct xnu_process *out)
{
	struct xnu_bsdshortinfo info;

	if (n < sizeof(info))
		return -EBADMSG;
	memcpy(&info, bytes, sizeof(info));
	*out = (struct xnu_process){
		.pid = info.pid,
		.parent = info.parent,
		.uid = info.uid,
		.started = LIVE_TIME_NONE,
	};
	copy_name(info.comm, sizeof(info.comm), out->name);
	return 0;
}

/* --- arguments ------------------------------------------------------------------------------- */

/* Bytes that are being read. */
struct rest {
	const char *at;
	size_t n;
};

/* The next string, which ends with a NUL or with the bytes; `*length` without it. */
static const char *take_string(struct rest *r, size_t *length)
{
	const char *start = r->at;

	*length = strnlen(start, r->n);
	r->at += *length;
	r->n -= *length;
	if (r->n > 0) {
		r->at++;
		r->n--;
	}
	return start;
}

/* `count` arguments, as far as they go, of at most `limit` bytes with their ends. */
static int take_command(struct arena *arena, struct rest *r, size_t count, size_t limit,
			struct xnu_arguments *out)
{
	const char **command = NULL, **slot;
	size_t n = 0, capacity = 0, used = 0;

	for (size_t i = 0; i < count && r->n > 0; i++) {
		size_t length, kept;
		const char *argument = take_string(r, &length);

		if (out->is_cut)
			continue; /* only to get behind them */
		kept = MIN_OF(length, limit - used);
		out->is_cut = kept < length;
		slot = ARENA_PUSH(arena, command, n, capacity);
		if (!slot)
			return -ENOMEM;
		*slot = arena_strndup(arena, argument, kept);
		if (!*slot)
			return -ENOMEM;
		used += MIN_OF(kept + 1, limit - used);
		out->is_cut |= used == limit && i + 1 < count;
	}
	if (n == 0)
		return 0;
	slot = ARENA_PUSH(arena, command, n, capacity);
	if (!slot)
		return -ENOMEM;
	*slot = NULL;
	out->command = command;
	return 0;
}

/* The environment ends with an empty string; behind it the kernel has strings of its own. */
static int take_environment(struct arena *arena, struct rest *r, struct xnu_arguments *out)
{
	static const char variable[] = "XPC_SERVICE_NAME=";
	const size_t prefix = sizeof(variable) - 1;

	while (r->n > 0) {
		size_t length;
		const char *text = take_string(r, &length);

		if (length == 0)
			break;
		out->has_environment = true;
		if (out->label || length <= prefix || memcmp(text, variable, prefix) != 0)
			continue;
		text += prefix;
		length -= prefix;
		if (length == 1 && text[0] == '0')
			continue;
		out->label = arena_strndup(arena, text, length);
		if (!out->label)
			return -ENOMEM;
	}
	return 0;
}

int xnu_process_decode_arguments(struct arena *arena, const void *bytes, size_t n, size_t limit,
				 struct xnu_arguments *out)
{
	struct xnu_arguments arguments = {0};
	struct rest r = {.at = bytes, .n = n};
	size_t length;
	int32_t count;
	int error;

	if (n < sizeof(count))
		return -EBADMSG;
	memcpy(&count, bytes, sizeof(count));
	if (count < 0)
		return -EBADMSG;
	r.at += sizeof(count);
	r.n -= sizeof(count);
	(void)take_string(&r, &length); /* the path, as it was given to execve(2) */
	if (length == 0)
		return -EBADMSG;
	while (r.n > 0 && *r.at == '\0') {
		r.at++;
		r.n--;
	}
	error = take_command(arena, &r, (size_t)count, limit, &arguments);
	if (error == 0)
		error = take_environment(arena, &r, &arguments);
	if (error == 0)
		*out = arguments;
	return error;
}
