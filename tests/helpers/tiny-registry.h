/*
 * Tiny registry: a dozen rows and a few known uses, one for each shape that a row can have, as an
 * image. For tests and as the seed of the fuzzer's corpus.
 */
#pragma once

#include "base/str.h"
#include "registry/registry.h"

/* Write the image into `out`; aborts when it cannot (tests only). */
void tiny_registry_make(struct str *out);

/*
 * Read everything that the functions of registry.h, known-uses.h, search.h and etc-services.h can
 * give from an open registry, whatever its state, and return a number that depends on all of it.
 * `step` is the distance of the ports looked up: 1 = all.
 */
uint64_t tiny_registry_walk(const struct registry *r, uint32_t step);
