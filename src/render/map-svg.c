/* The map as a picture. Nothing in it is foreign but what berth itself says in words. */
#include "render/map.h"

#include "registry/registry.h"

#include <errno.h>
#include <string.h>

/* Units of the drawing: the plot is 1024 wide, a cell 4. */
enum {
	CELL = 4,
	PLOT = CELL * MAP_SIDE,
	LEFT = 92,
	TOP = 10,
	RIGHT = 44,
	WIDTH = LEFT + PLOT + RIGHT,
	HEIGHT = TOP + PLOT + 14,
	RINGS_MOST = 4000, /* more are drawn as cells: a ring has 60 bytes */
};

/*
 * Colours after Okabe and Ito, which stay apart for colour-blind eyes; every layer has a shape of
 * its own, too: a full cell, its lower half, a bar in its middle, a stroke, a ring, hatching.
 */
static const char style[] =
	"<style>"
	".map-picture{--ground:#fbfaf7;--dynamic:#efede6;--line:#b9b4a7;--text:#3b3a36;"
	"--assigned:#7fb4dc;--known:#c77700;--claimed:#00573f;--reserved:#8d877a;"
	"--hatch:#cfcabd;--blocked:#2b2a27;--ring:#b3261e;--halo:#fff;"
	"font:15px system-ui,sans-serif;background:var(--ground)}"
	"@media(prefers-color-scheme:dark){.map-picture{--ground:#15171a;--dynamic:#1d2024;"
	"--line:#4b4f55;--text:#d5d3cd;--assigned:#2f6f9f;--known:#f0a63c;--claimed:#5fe0b0;"
	"--reserved:#7c7a74;--hatch:#33373d;--blocked:#e8e6e0;--ring:#ffd166;--halo:#000}}"
	".map-ground{fill:var(--ground)}.map-dynamic{fill:var(--dynamic)}"
	".map-frame{fill:none;stroke:var(--line)}.map-text{fill:var(--text)}"
	".map-assigned{fill:var(--assigned)}.map-known{fill:var(--known)}"
	".map-claimed{fill:var(--claimed)}.map-reserved{fill:var(--reserved)}"
	".map-hatching{stroke:var(--hatch)}.map-keeping{stroke:var(--line)}"
	".map-blocked{stroke:var(--blocked)}"
	".map-listening .map-halo{stroke:var(--halo)}"
	".map-listening .map-ring{stroke:var(--ring)}"
	".map-conflict{fill:var(--ring)}"
	"</style>";

static void escape(struct str *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			str_append(out, "&lt;");
			break;
		case '>':
			str_append(out, "&gt;");
			break;
		case '&':
			str_append(out, "&amp;");
			break;
		case '"':
			str_append(out, "&quot;");
			break;
		default:
			str_append_char(out, *text);
		}
	}
}

/* Draws a rectangle of cells, in its way. */
typedef void draw_cells(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h);

/* Call `draw` for every rectangle of a layer, in cells: parts of rows, and whole rows together. */
static void for_each_box(const struct map *map, enum map_flag flag, draw_cells *draw,
			 struct str *out)
{
	struct live_span run;
	uint32_t cursor = 0;

	while (map_next_run(map, flag, &cursor, &run)) {
		uint32_t at = run.first, end = (uint32_t)run.last + 1;

		while (at < end) {
			uint32_t x = at % MAP_SIDE, left = MAP_SIDE - x, n = end - at;
			uint32_t rows = x == 0 && n >= MAP_SIDE ? n / MAP_SIDE : 1;
			uint32_t w = rows > 1 || n > left ? left : n;

			draw(out, x, at / MAP_SIDE, w, rows);
			at += rows > 1 ? rows * MAP_SIDE : w;
		}
	}
}

static void draw_box(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	str_printf(out, "M%u %uh%uv%uh-%uz", x * CELL, y * CELL, w * CELL, h * CELL, w * CELL);
}

/* The lower half of a cell, and its middle. */
static void draw_half(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	for (uint32_t row = y; row < y + h; row++)
		str_printf(out, "M%u %uh%uv2h-%uz", x * CELL, row * CELL + 2, w * CELL, w * CELL);
}

static void draw_bar(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	for (uint32_t row = y; row < y + h; row++)
		str_printf(out, "M%u %u.5h%uv1h-%uz", x * CELL, row * CELL + 1, w * CELL, w * CELL);
}

static void draw_strokes(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	for (uint32_t row = y; row < y + h; row++) {
		for (uint32_t column = x; column < x + w; column++)
			str_printf(out, "M%u %ul4-4", column * CELL, row * CELL + CELL);
	}
}

/* A ring around one cell, a longer one around neighbours. */
static void draw_ring(struct str *out, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
	enum { R = 6 };

	str_printf(out, "M%u %dh%ua%d %d 0 0 1 0 %uh-%ua%d %d 0 0 1 0-%uz", x * CELL + 2,
		   (int)(y * CELL) + 2 - R, (w - 1) * CELL, R, R, 2 * R + (h - 1) * CELL,
		   (w - 1) * CELL, R, R, 2 * R + (h - 1) * CELL);
}

static void write_path(const struct map_svg *svg, enum map_flag flag, const char *attributes,
		       draw_cells *draw, struct str *out)
{
	str_printf(out, "<g class=\"map-layer map-%s\"%s><path d=\"", map_flag_name(flag),
		   attributes);
	for_each_box(svg->map, flag, draw, out);
	str_append(out, "\"/></g>\n");
}

static size_t count_runs(const struct map *map, enum map_flag flag)
{
	struct live_span run;
	uint32_t cursor = 0;
	size_t n = 0;

	while (map_next_run(map, flag, &cursor, &run))
		n++;
	return n;
}

static void write_rings(const struct map_svg *svg, struct str *out)
{
	bool is_crowd = count_runs(svg->map, MAP_LISTENING) > RINGS_MOST;
	struct str d = {0};

	for_each_box(svg->map, MAP_LISTENING, is_crowd ? draw_half : draw_ring, &d);
	str_printf(out, "<g class=\"map-layer map-listening\" fill=\"none\">"
			"<path class=\"map-halo\" stroke=\"#fff\" stroke-width=\"6\" d=\"%s\"/>"
			"<path class=\"map-ring\" stroke=\"#b3261e\" stroke-width=\"3\" d=\"%s\"/>"
			"</g>\n", is_crowd ? "" : str_text(&d), str_text(&d));
	out->has_failed = out->has_failed || d.has_failed;
	str_fini(&d);
	write_path(svg, MAP_CONFLICT, " fill=\"#b3261e\"", draw_box, out);
}

/* Patterns are filled by reference: hatching for the kernel's own range, dots for what is kept out
 * of it. */
static void write_patterns(struct str *out)
{
	str_append(out,
		   "<defs><pattern id=\"map-hatch\" width=\"10\" height=\"10\" "
		   "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
		   "<path class=\"map-hatching\" d=\"M0 0v10\" stroke=\"#cfcabd\" "
		   "stroke-width=\"3\"/></pattern>"
		   "<pattern id=\"map-keep\" width=\"4\" height=\"4\" "
		   "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">"
		   "<path class=\"map-keeping\" d=\"M0 0v4\" stroke=\"#b9b4a7\" "
		   "stroke-width=\"2\"/></pattern></defs>\n");
}

static void write_layers(const struct map_svg *svg, struct str *out)
{
	str_printf(out, "<rect class=\"map-ground\" width=\"%d\" height=\"%d\" fill=\"#fbfaf7\"/>"
			"<rect class=\"map-dynamic\" y=\"%d\" width=\"%d\" height=\"%d\" "
			"fill=\"#efede6\"/>\n", PLOT, PLOT, 192 * CELL, PLOT, 64 * CELL);
	write_path(svg, MAP_EPHEMERAL, " fill=\"url(#map-hatch)\"", draw_box, out);
	write_path(svg, MAP_KEPT, " fill=\"url(#map-keep)\"", draw_box, out);
	write_path(svg, MAP_RESERVED, " fill=\"#8d877a\"", draw_bar, out);
	write_path(svg, MAP_ASSIGNED, " fill=\"#7fb4dc\"", draw_box, out);
	write_path(svg, MAP_CLAIMED, " fill=\"#00573f\"", draw_box, out);
	write_path(svg, MAP_KNOWN, " fill=\"#c77700\"", draw_half, out);
	write_path(svg, MAP_BLOCKED, " stroke=\"#2b2a27\" fill=\"none\"", draw_strokes, out);
	str_printf(out, "<path class=\"map-frame\" fill=\"none\" stroke=\"#b9b4a7\" "
			"stroke-width=\"1.5\" d=\"M0 0h%dv%dh-%dzM0 %dh%dM0 %dh%d\"/>\n",
		   PLOT, PLOT, PLOT, 4 * CELL, PLOT, 192 * CELL, PLOT);
	write_rings(svg, out);
}

static void write_number(struct str *out, uint32_t n, char thousands)
{
	if (n >= 1000)
		str_printf(out, "%u%c%03u", n / 1000, thousands, n % 1000);
	else
		str_printf(out, "%u", n);
}

/* Left: the first port of every sixteenth row; fewer of them have room on a narrow screen. Right:
 * the ranges. */
static void write_scale(const struct map_svg *svg, struct str *out)
{
	static const uint32_t middles[] = {2, 98, 224};

	str_append(out, "<g class=\"map-scale\" aria-hidden=\"true\" fill=\"#3b3a36\">\n");
	for (uint32_t row = 0; row < MAP_SIDE; row += 16)
		str_printf(out, "<text class=\"map-text%s\" x=\"%d\" y=\"%u\" text-anchor=\"end\" "
				"dominant-baseline=\"middle\">%u</text>",
			   row % 64 ? " map-minor" : "", LEFT - 8, TOP + row * CELL + 4,
			   row * MAP_SIDE);
	str_printf(out, "<text class=\"map-text map-last\" x=\"%d\" y=\"%d\" text-anchor=\"end\" "
			"dominant-baseline=\"middle\">65535</text>\n", LEFT - 8, TOP + PLOT - 2);
	str_printf(out, "<text class=\"map-text\" x=\"%d\" y=\"%d\" font-size=\"11\">",
		   LEFT + PLOT + 3, TOP + 12);
	escape(out, svg->words->ranges[0]);
	str_append(out, "</text>\n");
	for (size_t i = 1; i < sizeof(middles) / sizeof(*middles); i++) {
		int x = LEFT + PLOT + 22, y = (int)(TOP + middles[i] * CELL);

		str_printf(out, "<text class=\"map-text\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
				"dominant-baseline=\"middle\" transform=\"rotate(90 %d %d)\">",
			   x, y, x, y);
		escape(out, svg->words->ranges[i]);
		str_append(out, "</text>\n");
	}
	str_append(out, "</g>\n");
}

/* For readers without scripts: a row leads to its line in the table. */
static void write_rows(struct str *out)
{
	str_append(out, "<g class=\"map-rows\" aria-hidden=\"true\" fill=\"transparent\">\n");
	for (uint32_t row = 0; row < MAP_SIDE; row++)
		str_printf(out, "<a href=\"#row-%u\" tabindex=\"-1\"><rect y=\"%u\" width=\"%d\" "
				"height=\"%d\"><title>%u-%u</title></rect></a>",
			   row, row * CELL, PLOT, CELL, row * MAP_SIDE, row * MAP_SIDE + 255);
	str_append(out, "</g>\n");
}

void map_write_swatch(enum map_flag flag, struct str *out)
{
	static const char *const shapes[N_MAP_FLAGS] = {
		[MAP_ASSIGNED] = "<path class=\"map-assigned\" fill=\"#7fb4dc\" "
				 "d=\"M0 0h24v24h-24z\"/>",
		[MAP_KNOWN] = "<path class=\"map-known\" fill=\"#c77700\" d=\"M0 12h24v12h-24z\"/>",
		[MAP_CLAIMED] = "<path class=\"map-claimed\" fill=\"#00573f\" "
				"d=\"M0 0h24v24h-24z\"/>",
		[MAP_RESERVED] = "<path class=\"map-reserved\" fill=\"#8d877a\" "
				 "d=\"M0 9h24v6h-24z\"/>",
		[MAP_EPHEMERAL] = "<path fill=\"url(#map-hatch)\" d=\"M0 0h24v24h-24z\"/>",
		[MAP_KEPT] = "<path fill=\"url(#map-keep)\" d=\"M0 0h24v24h-24z\"/>",
		[MAP_BLOCKED] = "<path class=\"map-blocked\" stroke=\"#2b2a27\" stroke-width=\"4\" "
				"d=\"M0 24l24-24\"/>",
		[MAP_LISTENING] = "<g class=\"map-listening\"><circle class=\"map-ring\" cx=\"12\" "
				  "cy=\"12\" r=\"10\" fill=\"none\" stroke=\"#b3261e\" "
				  "stroke-width=\"4\"/></g>",
		[MAP_CONFLICT] = "<g class=\"map-listening\"><circle class=\"map-ring\" cx=\"12\" "
				 "cy=\"12\" r=\"10\" fill=\"none\" stroke=\"#b3261e\" "
				 "stroke-width=\"4\"/></g><circle class=\"map-conflict\" cx=\"12\" "
				 "cy=\"12\" r=\"5\" fill=\"#b3261e\"/>",
	};

	str_printf(out, "<path class=\"map-frame\" fill=\"none\" stroke=\"#b9b4a7\" "
			"d=\"M0 0h24v24h-24z\"/>%s", shapes[flag] ? shapes[flag] : "");
}

/* Whether a layer has anything to explain. */
static bool is_told(const struct map_svg *svg, enum map_flag flag)
{
	return flag != MAP_EXPOSED && (svg->map->counts[flag] > 0 || flag < MAP_CLAIMED);
}

/* The legend of a picture that stands alone: three columns. Returns the height it took. */
static int write_legend(const struct map_svg *svg, struct str *out)
{
	int n = 0;

	str_append(out, "<g class=\"map-legend\" fill=\"#3b3a36\">\n");
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		int x = LEFT + n % 3 * 350, y = HEIGHT + 22 + n / 3 * 40;

		if (!is_told(svg, (enum map_flag)flag))
			continue;
		str_printf(out, "<g transform=\"translate(%d %d)\">", x, y);
		map_write_swatch((enum map_flag)flag, out);
		str_append(out, "</g>");
		str_printf(out, "<text class=\"map-text\" x=\"%d\" y=\"%d\" font-size=\"16\">",
			   x + 34, y + 18);
		escape(out, svg->words->layers[flag]);
		str_append(out, "  ");
		write_number(out, svg->map->counts[flag], svg->words->thousands);
		str_append(out, "</text>\n");
		n++;
	}
	str_printf(out, "<text class=\"map-text\" x=\"%d\" y=\"%d\" font-size=\"14\">", LEFT,
		   HEIGHT + 46 + (n + 2) / 3 * 40);
	escape(out, svg->words->footer);
	str_append(out, "</text></g>\n");
	return 66 + (n + 2) / 3 * 40;
}

static void write_head(const struct map_svg *svg, int height, struct str *out)
{
	const struct map_words *words = svg->words;
	int top = svg->is_alone ? 56 : 0;

	str_append(out, "<svg");
	if (svg->is_alone)
		str_append(out, " xmlns=\"http://www.w3.org/2000/svg\"");
	str_printf(out, " class=\"map-picture\" viewBox=\"0 %d %d %d\" role=\"img\" "
			"aria-labelledby=\"map-title map-description\" font-size=\"15\"",
		   -top, WIDTH, height + top);
	if (svg->is_alone)
		str_printf(out, " width=\"%d\" height=\"%d\" xml:lang=\"%s\" "
				"font-family=\"system-ui, sans-serif\"", WIDTH, height + top,
			   words->language);
	str_append(out, ">\n<title id=\"map-title\">");
	escape(out, words->title);
	str_append(out, "</title>\n<desc id=\"map-description\">");
	escape(out, words->description);
	str_append(out, "</desc>\n");
	if (!svg->is_alone)
		return;
	str_printf(out, "%s\n<rect class=\"map-ground\" y=\"%d\" width=\"%d\" height=\"%d\" "
			"fill=\"#fbfaf7\"/>\n<text class=\"map-text\" x=\"%d\" y=\"-20\" "
			"font-size=\"26\" fill=\"#3b3a36\">",
		   style, -top, WIDTH, height + top, LEFT);
	escape(out, words->title);
	str_append(out, "</text>\n");
}

int map_write_svg(const struct map_svg *svg, struct str *out)
{
	struct str legend = {0};
	int height = HEIGHT;

	if (svg->is_alone)
		height += write_legend(svg, &legend);
	write_head(svg, height, out);
	write_patterns(out);
	str_printf(out, "<g class=\"map-plot\" transform=\"translate(%d %d)\">\n", LEFT, TOP);
	write_layers(svg, out);
	if (!svg->is_alone)
		write_rows(out);
	str_append(out, "</g>\n");
	write_scale(svg, out);
	str_append(out, str_text(&legend));
	str_append(out, "</svg>\n");
	out->has_failed = out->has_failed || legend.has_failed;
	str_fini(&legend);
	return out->has_failed ? -ENOMEM : 0;
}
