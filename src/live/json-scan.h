/*
 * JSON scan: a few texts out of a foreign JSON file, and nothing else of it. Pure.
 *
 * Values are pulled in the order in which they stand; what nobody asks for is skipped without being
 * kept. Nothing is allocated but the texts, no depth is recursed into. Malformed input ends a scan
 * early: what was read before stands.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Longest key, and longest text that is taken (others are as if they were not there). */
enum { JSON_KEY_SIZE = 128, JSON_TEXT_MAX = 65536 };

/* Where a scan stands: `{bytes, bytes + n}` is its beginning. */
struct json {
	const char *at, *end;
};

/* Enter the object ('{') or array ('[') that comes next. False: something else comes. */
bool json_enter(struct json *j, char bracket);

/* The next key of the object; false at its end. Its value has to be taken or skipped then. */
bool json_key(struct json *j, char key[static JSON_KEY_SIZE]);

/* Whether the array goes on; its next value has to be taken or skipped then. */
bool json_item(struct json *j);

/* Take a text, its escapes undone (NUL becomes U+FFFD); NULL when the value is none: skipped. */
const char *json_text(struct json *j, struct arena *arena);

/* Skip a value. */
void json_skip(struct json *j);

/* Skip to the value of `key` in the object that comes next. False: there is none. */
bool json_find(struct json *j, const char *key);
