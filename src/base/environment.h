/*
 * Environment: variables that somebody else may have set.
 *
 * The build picks environment-secure.c where libc knows how the program was started, and
 * environment-posix.c elsewhere.
 */
#pragma once

/*
 * The value of a variable; NULL when it is not set, and whenever the program runs with more rights
 * than its caller has: then no variable may lead it. Owned by the environment.
 */
const char *environment_get(const char *name);
