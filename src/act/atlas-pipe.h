/*
 * Atlas pipe: what the two processes of `berth serve` say to each other.
 *
 * The collector (berth itself) keeps its privilege, looks at the machine and writes; the front
 * (the helper berth-atlas) speaks HTTP, has no privilege and reads. Between them is one connected
 * pair of stream sockets and nothing else. Every message is a frame: a header of 16 bytes and a
 * payload of bounded size. What does not fit these rules ends the conversation: neither side
 * trusts the other one's lengths.
 *
 * Snapshots travel as recordings (live/recording.h), claims as claims images
 * (ledger/claims-image.h): both have readers that were made for foreign bytes.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a frame is about; `argument` is meant by "of". */
enum atlas_kind {
	/* From the collector. */
	ATLAS_HELLO = 1, /* the first one; of ATLAS_* flags; payload: the token, ATLAS_TOKEN_SIZE */
	ATLAS_CLAIMS,    /* a claims image, which replaces that of the same CLAIM_LEVEL_* */
	ATLAS_HERE,      /* a recording of all listeners and published ports; of a generation,
	                    which grows when anything but queues and times differs */
	ATLAS_PORT,      /* the same for one port, with holders and connections; of that port */
	ATLAS_STAKED,    /* the answer to ATLAS_STAKE: a claims image with its outcome; of its id */
	ATLAS_FACES,     /* how pages were judged: lines "PORT YES SOSO NO"; after each change */
	/* From the front. */
	ATLAS_WATCH = 64, /* of 1: somebody watches, look each second; of 0: nobody does any more */
	ATLAS_LOOK,       /* look at one port; of that port. Answered by one ATLAS_PORT each */
	ATLAS_STAKE,      /* claim; of an id of the front's; payload: one line of a claims file */
	ATLAS_FACE,       /* a page was judged; of port * 4 + enum atlas_face */
};

/* "Was this page helpful?" */
enum atlas_face { ATLAS_FACE_YES, ATLAS_FACE_SO_SO, ATLAS_FACE_NO };

/* Flags of ATLAS_HELLO. */
enum {
	ATLAS_IS_PRIVILEGED = 1, /* the collector sees more than an ordinary user could */
	ATLAS_IS_REPLAY = 2,     /* it shows a recording, not this machine */
};

enum {
	ATLAS_TOKEN_SIZE = 32,                      /* hexadecimal digits, 128 random bits */
	ATLAS_PAYLOAD_MOST = 64 * 1024 * 1024,      /* from the collector, bytes */
	ATLAS_REQUEST_MOST = 4096,                  /* from the front, bytes */
	ATLAS_HEADER_SIZE = 16,
};

/* One message. */
struct atlas_frame {
	enum atlas_kind kind;
	uint32_t argument;
	const char *bytes; /* the payload; borrowed */
	size_t n;
};

/*
 * Append the bytes of a frame to `out`: magic "bAtl", kind, argument and length, each four bytes,
 * little-endian, then the payload.
 */
void atlas_frame_write(const struct atlas_frame *frame, struct str *out);

/*
 * The first frame of `n` bytes that have arrived so far; its payload points into them. `most` is
 * the largest payload that is taken. Returns 1 with `*out` and its whole length in `*used`; 0: more
 * bytes are needed; -EPROTO: this is no frame, or a larger one.
 */
int atlas_frame_read(const char *bytes, size_t n, size_t most, struct atlas_frame *out,
		     size_t *used) BERTH_MUST_CHECK;
