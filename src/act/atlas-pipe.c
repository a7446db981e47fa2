#include "act/atlas-pipe.h"

#include <errno.h>
#include <string.h>

static const char magic[4] = {'b', 'A', 't', 'l'};

static void append_u32(struct str *out, uint32_t value)
{
	const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
					(unsigned char)(value >> 16), (unsigned char)(value >> 24)};

	str_append_bytes(out, bytes, sizeof(bytes));
}

static uint32_t read_u32(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

void atlas_frame_write(const struct atlas_frame *frame, struct str *out)
{
	if (frame->n > ATLAS_PAYLOAD_MOST) {
		out->has_failed = true;
		return;
	}
	str_append_bytes(out, magic, sizeof(magic));
	append_u32(out, (uint32_t)frame->kind);
	append_u32(out, frame->argument);
	append_u32(out, (uint32_t)frame->n);
	if (frame->n > 0)
		str_append_bytes(out, frame->bytes, frame->n);
}

static bool is_kind(uint32_t value)
{
	return (value >= ATLAS_HELLO && value <= ATLAS_SAME) ||
	       (value >= ATLAS_WATCH && value <= ATLAS_FACE);
}

int atlas_frame_read(const char *bytes, size_t n, size_t most, struct atlas_frame *out,
		     size_t *used)
{
	size_t n_magic = MIN_OF(n, sizeof(magic));
	uint32_t kind, length;

	/* What cannot become a frame is refused at once, not when enough of it has come. */
	if (n_magic > 0 && memcmp(bytes, magic, n_magic) != 0)
		return -EPROTO;
	if (n < ATLAS_HEADER_SIZE)
		return 0;
	kind = read_u32(bytes + 4);
	length = read_u32(bytes + 12);
	if (!is_kind(kind) || length > most)
		return -EPROTO;
	if (n - ATLAS_HEADER_SIZE < length)
		return 0;
	*out = (struct atlas_frame){
		.kind = (enum atlas_kind)kind,
		.argument = read_u32(bytes + 8),
		.bytes = bytes + ATLAS_HEADER_SIZE,
		.n = length,
	};
	*used = ATLAS_HEADER_SIZE + (size_t)length;
	return 1;
}

void atlas_time_write(int64_t at, char *bytes)
{
	for (unsigned int i = 0; i < ATLAS_TIME_SIZE; i++)
		bytes[i] = (char)((uint64_t)at >> (8 * i) & 0xff);
}

int64_t atlas_time_read(const char *bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < ATLAS_TIME_SIZE; i++)
		value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
	return (int64_t)value;
}
