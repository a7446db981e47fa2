/*
 * Libc, Windows: the functions of the GNU C library that berth uses and Windows' own lacks.
 *
 * The build puts this header in front of every file there (src/meson.build), so that no file needs
 * to know. Each does what its manual page says, in the C locale.
 */
#pragma once

#include <stddef.h>

void *memmem(const void *haystack, size_t n_haystack, const void *needle, size_t n_needle);
void *memrchr(const void *bytes, int c, size_t n);
char *strndup(const char *text, size_t n);
char *strsep(char **text, const char *delimiters);

/* In UTF-8; the same pointer for the same variable, for as long as the program runs. NULL, too,
 * when out of memory. */
char *secure_getenv(const char *name);

/* The words of strerror(3), which has no locale here. */
const char *strerrordesc_np(int error);

/* Columns of a code point (a wchar_t could not hold each): 0 for marks that combine, 2 for wide
 * characters, -1 for control characters (Unicode 14's East Asian Width and general categories, in
 * runs). */
int wcwidth(int code_point);
