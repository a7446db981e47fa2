/*
 * Compiler attributes and the few macros that every file may use.
 *
 * This is the only header that may test for a compiler or an operating system.
 */
#pragma once

#include <stddef.h>

/* The function formats like printf(3): argument `fmt` is the format, `args` the first value. */
#ifdef __MINGW32__ /* its own printf means Microsoft's formats, but C's is what is linked */
#define BERTH_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#else
#define BERTH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif

/* A symbol between files of one program; no library shows it. */
#ifdef __MINGW32__
#define BERTH_HIDDEN
#else
#define BERTH_HIDDEN __attribute__((visibility("hidden")))
#endif

/* The result must be looked at: an error would be lost otherwise. */
#define BERTH_MUST_CHECK __attribute__((warn_unused_result))

/* The argument or variable is unused on purpose. */
#define BERTH_UNUSED __attribute__((unused))

/* The array holds bytes, not a terminated string. */
#if defined(__GNUC__) && !defined(__clang__)
#define BERTH_NONSTRING __attribute__((nonstring))
#else
#define BERTH_NONSTRING
#endif

/* Run `fn(&variable)` when the variable leaves its scope. */
#define BERTH_CLEANUP(fn) __attribute__((cleanup(fn)))

/* The number of elements of a true array (not of a pointer). */
#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* The smaller and the larger of two values without side effects. */
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/*
 * Hand a cleanup local over to the caller: yields its value and leaves NULL behind, so that the
 * cleanup has nothing left to free. The one hand-over line of a constructor.
 */
#define HAND_OVER(pointer)                                                                         \
	({                                                                                         \
		__typeof__(pointer) handed_over_ = (pointer);                                      \
		(pointer) = NULL;                                                                  \
		handed_over_;                                                                      \
	})
