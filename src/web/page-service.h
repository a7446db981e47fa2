/*
 * Page service: where the page of a service lies in a static atlas.
 */
#pragma once

#include "base/str.h"
#include "web/page.h"

/* Append the name of its file below services/, without ".html": in small letters, what is neither a
 * letter, a digit nor one of "-_+." as =XX. */
void page_service_file(const char *name, struct str *out);

/* Whether the atlas has a page of that service: it has one of the ports that have pages. */
bool page_service_is_there(const struct page *p, const char *name);
