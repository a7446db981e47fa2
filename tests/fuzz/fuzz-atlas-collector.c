/* Whatever a front says, the collector does it or ends the conversation, and sends frames. */
#include "act/atlas-pipe.h"
#include "act/collector.h"
#include "ledger/claims-image.h"
#include "ledger/claims.h"
#include "live/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int look(struct source *s, const struct live_request *request, struct arena *arena,
		struct live_snapshot *out)
{
	static const char world[] = "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 1 here\n"
				    "process 7 program=web\n"
				    "socket tcp listener 0.0.0.0:80 owners=7:3\n";
	char error[RECORDING_ERROR_SIZE];
	struct recording r;

	(void)s;
	if (recording_read(world, sizeof(world) - 1, "w", arena, &r, error) < 0)
		abort();
	return recording_select(&r, request, arena, out);
}

static void close_nothing(struct source *s)
{
	(void)s;
}

static bool has_news(void *context)
{
	(void)context;
	return false;
}

static int gather(void *context, struct arena *arena, struct answer_sources *from)
{
	struct claims *claims = arena_alloc(arena, sizeof(*claims));

	(void)context;
	if (!claims)
		return -ENOMEM;
	claims_init(claims, arena);
	from->claims = claims;
	from->today = "2026-08-17";
	return claims_finish(claims) ? 0 : -ENOMEM;
}

static int stake(void *context, const char *line, size_t n, struct str *out)
{
	const struct claims_head head = {.outcome = n > 0 && line[0] == 'x'};

	(void)context;
	return claims_image_write(&head, NULL, 0, NULL, 0, out);
}

/* All that was sent is frames, but for what was cut off by the end. */
static void check_frames(int fd)
{
	static char bytes[1 << 20];
	struct atlas_frame frame;
	size_t n = 0, at = 0, used;
	ssize_t got;
	int r;

	while (n < sizeof(bytes) &&
	       (got = recv(fd, bytes + n, sizeof(bytes) - n, MSG_DONTWAIT)) > 0)
		n += (size_t)got;
	while ((r = atlas_frame_read(bytes + at, n - at, ATLAS_PAYLOAD_MOST, &frame, &used)) > 0)
		at += used;
	if (r < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct source_ops ops = {.look = look, .close = close_nothing};
	struct source source = {.ops = &ops};
	struct collector_options options = {
		.stop_fd = -1,
		.source = &source,
		.request = live_request_default(),
		.host = {.has_news = has_news, .gather = gather, .stake = stake},
	};
	int ends[2], r;

	if (size > 4096) /* all of it and its answers fit into the pipe */
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || write(ends[1], data, size) < 0)
		abort();
	shutdown(ends[1], SHUT_WR);
	options.pipe_fd = ends[0];
	r = collector_run(&options, "0123456789abcdef0123456789abcdef");
	if (r != -EPIPE && r != -EPROTO)
		abort();
	check_frames(ends[1]);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
