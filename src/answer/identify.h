/*
 * Identify: by which names a running process may be recognised. Pure.
 *
 * A process is called by its executable, unless that is an interpreter: then by what it runs.
 * python3 -m uvicorn is uvicorn; node .../node_modules/vite/bin/vite.js is vite; java with
 * org.example.Main is that class; busybox called as httpd is httpd. Of an interpreter that runs
 * something nameless (python3 -c ...) nothing is claimed.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/*
 * The names of `p`, most telling first, NULL-terminated, in `arena`; an empty list when nothing can
 * be told; NULL only when out of memory.
 */
const char *const *identify_process(const struct live_process *p, struct arena *arena);

/*
 * The one name to show a person: "uvicorn" for python3 -m uvicorn, otherwise the program's own
 * name. NULL when not known. Same ownership.
 */
const char *identify_label(const struct live_process *p, struct arena *arena);
