/*
 * sock_diag answers each point look-up with a datagram while the question is being sent. Nearly all
 * of them say what was known before, so a filter on the netlink socket (classic BPF, needs no
 * privilege; sk_filter() in netlink_unicast(), Linux 2.6.12) throws those away where they are made:
 * they are never read, and the sleep itself, a ppoll(2) on that socket alone, ends when one gets
 * through. An answer that gets lost for want of memory is made up for in the next round.
 */
#include "act/wait-watcher.h"

#include "act/wait-question-linux.h"
#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_SIZE = 4 * WAIT_MOST_WATCHED * WAIT_QUESTION_SIZE };

struct wait_watcher {
	int fd;
	bool has_filter, is_until_gone; /* of the filter */
	uint32_t sequence;
	/* What each round sends ends at `ends[i]` of `questions`, where the next one's begins. */
	size_t n_rounds, next_round, ends[WAIT_MOST_WATCHED];
	_Alignas(struct nlmsghdr) unsigned char questions[ROUNDS_SIZE];
};

int wait_watcher_open(struct wait_watcher **out)
{
	struct wait_watcher *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (w->fd < 0) {
		free(w);
		return -ENOTSUP;
	}
	*out = w;
	return 0;
}

struct wait_watcher *wait_watcher_close(struct wait_watcher *w)
{
	if (!w)
		return NULL;
	close(w->fd);
	free(w);
	return NULL;
}

/* What gets through: errors, or all but "there is none". A filter reads in network order what
 * netlink writes in the host's. */
static int set_filter(struct wait_watcher *w, bool is_until_gone)
{
	enum { TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type), ERROR_AT = NLMSG_HDRLEN };
	const uint32_t error = htons(NLMSG_ERROR), none = htonl((uint32_t)-ENOENT);
	struct sock_filter until_there[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, error, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ERROR_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, none, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_filter until_gone[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, error, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = {
		.len = is_until_gone ? N_ELEMENTS(until_gone) : N_ELEMENTS(until_there),
		.filter = is_until_gone ? until_gone : until_there,
	};

	if (w->has_filter && w->is_until_gone == is_until_gone)
		return 0;
	if (setsockopt(w->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	w->has_filter = true;
	w->is_until_gone = is_until_gone;
	return 0;
}

/* What has come is only a hint: it is thrown away. */
static void drain(struct wait_watcher *w)
{
	char byte;

	while (recv(w->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS)
		;
}

/* One question of the next round, behind those it has. */
static size_t put(struct wait_watcher *w, const struct wait_ends *ends, size_t at)
{
	return at + wait_question_put(ends, ++w->sequence, w->questions + at);
}

/* What each round sends, ready to be sent: those that are always asked for, and some of the
 * others. */
static int put_rounds(struct wait_watcher *w, const struct wait_watch *watch)
{
	const struct wait_ends *others = watch->ends + watch->n_always;
	size_t i = 0, at = 0;

	w->n_rounds = 0;
	do {
		size_t end = MIN_OF(i + MAX_OF(watch->n_at_once, (size_t)1), watch->n_others);

		if (w->n_rounds == N_ELEMENTS(w->ends) ||
		    at + (watch->n_always + end - i) * WAIT_QUESTION_SIZE > sizeof(w->questions))
			return -E2BIG;
		for (size_t k = 0; k < watch->n_always; k++)
			at = put(w, &watch->ends[k], at);
		for (; i < end; i++)
			at = put(w, &others[i], at);
		w->ends[w->n_rounds++] = at;
	} while (i < watch->n_others);
	w->next_round %= w->n_rounds;
	return 0;
}

/* Ask for those of this round. */
static int ask(struct wait_watcher *w)
{
	size_t begin = w->next_round ? w->ends[w->next_round - 1] : 0;
	size_t length = w->ends[w->next_round] - begin;

	w->next_round = (w->next_round + 1) % w->n_rounds;
	return send(w->fd, w->questions + begin, length, 0) < 0 ? -errno : 0;
}

/* The rounds. Signals come while it sleeps, and at no other moment: `asleep` is the mask then.
 * Returns 0, or a negative errno. */
static int run(struct wait_watcher *w, const struct wait_watch *watch, struct pollfd *netlink,
	       const sigset_t *asleep)
{
	int64_t left_us = watch->most_us;

	for (;;) {
		int64_t sleep_us = MIN_OF(MAX_OF(left_us, 0), watch->pace_us);
		const struct timespec sleep = {.tv_sec = sleep_us / 1000000,
					       .tv_nsec = sleep_us % 1000000 * 1000};
		int r = ppoll(netlink, 1, &sleep, asleep);

		left_us -= sleep_us;
		if (r < 0)
			return errno == EINTR ? 0 : -errno;
		if (r > 0 || left_us <= 0)
			return 0;
		r = ask(w);
		if (r < 0)
			return r;
	}
}

int wait_watcher_run(struct wait_watcher *w, const struct wait_watch *watch)
{
	struct pollfd netlink = {.fd = w->fd, .events = POLLIN};
	struct pollfd stop = {.fd = watch->stop_fd, .events = POLLIN};
	sigset_t all, before;
	int r = set_filter(w, watch->is_until_gone);

	if (r == 0)
		r = put_rounds(w, watch);
	if (r == 0) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		r = run(w, watch, &netlink, &before);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (netlink.revents)
		drain(w);
	if (r < 0)
		return r;
	if (poll(&stop, 1, 0) > 0)
		return 2;
	return netlink.revents ? 1 : 0;
}
