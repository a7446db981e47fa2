/*
 * Page map: the words of the picture in the languages of the pages.
 */
#pragma once

#include "render/map.h"
#include "web/page.h"

/* Fill the words of a picture; `footer` is the caller's, and must live as long. */
void page_map_words(enum page_language language, const char *footer, struct map_words *out);
