/*
 * What berth asks of sysctl(3) of macOS, declared for tests on other systems.
 */
#pragma once

#include <stddef.h>

enum { CTL_KERN = 1, KERN_ARGMAX = 8, KERN_PROCARGS2 = 49 };

int sysctl(int *name, unsigned int n_name, void *old, size_t *n_old, void *new_value, size_t n_new);
int sysctlbyname(const char *name, void *old, size_t *n_old, void *new_value, size_t n_new);
