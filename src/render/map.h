/*
 * Map: all 65,536 ports at once. Which of them are assigned, known, claimed, kept apart, and on
 * which of them somebody listens now; as numbers, as a picture (SVG) and as JSON for its script.
 *
 * One cell a port, 256 x 256, in plain scan order: row = port / 256, column = port % 256. So the
 * ranges of RFC 6335 are whole rows: system 0-3, user 4-191, dynamic 192-255.
 *
 * Pure: everything comes from the sources that answers are made from.
 */
#pragma once

#include "answer/answer.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAP_SIDE = 256, MAP_CELLS = 65536 };

/* What can be true of a port. Several may be; each has a word (map_flag_name) and a layer. */
enum map_flag {
	MAP_ASSIGNED,  /* a row of the registry gives it a name, for whatever protocol */
	MAP_KNOWN,     /* a known use has it by default, now or once */
	MAP_CLAIMED,   /* a claim of one's own holds it today, or has retired it */
	MAP_RESERVED,  /* the registry keeps it from being assigned, and gives it no name */
	MAP_EPHEMERAL, /* this system's kernel hands it out to clients */
	MAP_KEPT,      /* it is kept out of that: ip_local_reserved_ports */
	MAP_BLOCKED,   /* browsers refuse it */
	MAP_LISTENING, /* somebody listens, or the port is published; as `here` counts */
	MAP_EXPOSED,   /* ... and it is not at a loopback address only */
	MAP_CONFLICT,  /* ... and it is not the program that an own claim is for */
};
enum { N_MAP_FLAGS = 10 };

#define MAP_BIT(flag) (uint16_t)(1U << (flag))

/* All cells. */
struct map {
	uint16_t cells[MAP_CELLS];          /* of MAP_BIT() */
	uint32_t counts[N_MAP_FLAGS];       /* how many ports have the flag */
	uint32_t by_range[3][N_MAP_FLAGS];  /* the same, by enum registry_range */
	uint32_t n_dark;                    /* assigned, in known use or claimed; nobody listens */
	bool could_look;                    /* false: nothing is known about listeners */
	live_time at;                       /* when this machine was looked at */
};

/* Fill all cells. `from` has a snapshot of all listeners, indexed. What is needed meanwhile is
 * taken from `arena`. Returns 0 or -ENOMEM. */
int map_fill(const struct answer_sources *from, struct arena *arena,
	     struct map *out) BERTH_MUST_CHECK;

/* "assigned", "known", "claimed", "reserved", "ephemeral", "kept", "blocked", "listening",
 * "exposed", "conflict": keys of the JSON, parts of class names. */
const char *map_flag_name(enum map_flag flag);

/*
 * The next run of neighbouring ports that have `flag`, at or after `*cursor` (0 at first): true,
 * with its ends in `*out` and the cursor behind it; false: there are no more.
 */
bool map_next_run(const struct map *map, enum map_flag flag, uint32_t *cursor,
		  struct live_span *out);

/* Words of the picture, in the reader's language; none is NULL. */
struct map_words {
	const char *language;    /* "en", "de" */
	const char *title;       /* "The map of all 65,536 ports" */
	const char *description; /* what is to be seen, in a sentence or two */
	const char *ranges[3];   /* by enum registry_range: "system", "user", "dynamic" */
	const char *layers[N_MAP_FLAGS]; /* of the legend */
	const char *vacant;      /* what an empty cell is */
	const char *footer;      /* sources and dates; may be empty */
	char thousands;          /* between groups of three digits: ',' or '.' */
};

/* How a picture is written. */
struct map_svg {
	const struct map *map;
	const struct map_words *words;
	bool is_alone; /* a file of its own: with style and legend; else for a page that has both */
};

/*
 * Append the picture. Alone it is a whole SVG file (light and dark by the reader's preference);
 * else an element for a page: class "map-picture", a <g> of class "map-layer map-FLAG" a layer,
 * 256 links to #row-0 .. #row-255 in "map-rows" above them. Some 30 to 100 kB; below
 * 1 MB whatever listens.
 * Returns 0 or -ENOMEM.
 */
int map_write_svg(const struct map_svg *svg, struct str *out) BERTH_MUST_CHECK;

/* What a layer looks like in a legend: elements of SVG, 24 x 24 units. */
void map_write_swatch(enum map_flag flag, struct str *out);

/*
 * What changes while somebody looks, as JSON: {"schema":"berth.map/1","checked_at":...,
 * "could_look":true,"layers":{"claimed":[FIRST,LAST,...],"ephemeral":...,"kept":...,
 * "listening":...,"exposed":...,"conflict":...}}. Returns 0 or -ENOMEM.
 */
int map_write_layers(const struct map *map, struct str *out) BERTH_MUST_CHECK;

/*
 * What is to be said of the cells of one row (0-255), as JSON: {"schema":"berth.map-row/1","row":
 * 13,"ports":[{"port":3476,"is":["assigned","known"],"names":["nppmp"],"uses":["Permify"],
 * "claims":[],"here":["permify"]},...]}. Ports of which nothing is true are left out; "here" are
 * the listeners' programs, as far as the snapshot tells. Returns 0, -ENOMEM, or -EINVAL: no row.
 */
int map_write_row(const struct answer_sources *from, const struct map *map, unsigned int row,
		  struct arena *arena, struct str *out) BERTH_MUST_CHECK;
