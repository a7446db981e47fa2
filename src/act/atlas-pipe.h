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
	ATLAS_CLAIMS,    /* the claims of a place, instead of those before; of ATLAS_CLAIMS_FILES,
	                    or CLAIM_LEVEL_LEDGER, _SYSTEM: a claims image; empty: there are none */
	ATLAS_HERE,      /* a recording of all listeners and published ports; of a generation,
	                    which grows when anything but queues and times differs */
	ATLAS_PORT,      /* the same for one port, with holders and connections; of that port */
	ATLAS_STAKED,    /* the answer to ATLAS_STAKE: a claims image with its outcome; of its id */
	ATLAS_FACES,     /* how pages were judged: lines "PORT YES SOSO NO"; after each change */
	ATLAS_SAME,      /* looked, and all is as in the last ATLAS_HERE; of its generation;
	                    payload: when the look began, eight bytes, little-endian */
	/* From the front. */
	ATLAS_WATCH = 64, /* of 1: somebody watches, look each second; of 0: nobody any more */
	ATLAS_LOOK,       /* look at one port; of that port. Answered by one ATLAS_PORT each; asked
	                     again before the answer is there, one answers both. ATLAS_EVERYTHING:
	                     at all listeners, answered by one ATLAS_HERE or ATLAS_SAME */
	ATLAS_STAKE,      /* claim; of an id of the front's; payload: a line of a claims file */
	ATLAS_FACE,       /* a page was judged; of port * 4 + enum atlas_face */
};

/*
 * Of ATLAS_CLAIMS: the claims of all files, as text. Two lines a claim: "# LEVEL SOURCE" and the
 * claim as a line of a claims file (ledger/claims-file.h); images have no room for where a claim
 * stands, and ask for the day on which it was made.
 */
enum { ATLAS_CLAIMS_FILES = 0 };

/*
 * Claims that could not be read are gaps of every recording, of what=claims, or ATLAS_CLAIMS_ASIDE
 * for those that are only mentioned (answer_gap.is_aside).
 */
#define ATLAS_CLAIMS_ASIDE "claims-aside"

/* "Was this page helpful?" */
enum atlas_face { ATLAS_FACE_YES, ATLAS_FACE_SO_SO, ATLAS_FACE_NO };

/* Flags of ATLAS_HELLO. */
enum {
	ATLAS_IS_PRIVILEGED = 1, /* the collector sees more than an ordinary user could */
	ATLAS_IS_REPLAY = 2,     /* it shows a recording, not this machine */
	ATLAS_IS_NAMED = 4,      /* one namespace was asked for by name: its listeners count */
};

enum {
	ATLAS_TOKEN_SIZE = 32,                      /* hexadecimal digits, 128 random bits */
	ATLAS_PAYLOAD_MOST = 64 * 1024 * 1024,      /* from the collector, bytes */
	ATLAS_REQUEST_MOST = 4096,                  /* from the front, bytes */
	ATLAS_HEADER_SIZE = 16,
	ATLAS_TIME_SIZE = 8,                        /* of the payload of ATLAS_SAME */
	ATLAS_EVERYTHING = 65536,                   /* of ATLAS_LOOK: no port */
	ATLAS_LOOKS_MOST = 64,                      /* ports that wait for their look */
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

/* A time as the payload of ATLAS_SAME, ATLAS_TIME_SIZE bytes, and back. */
void atlas_time_write(int64_t at, char *bytes);
int64_t atlas_time_read(const char *bytes);
