/*
 * sleeper: sleeps so many microseconds, again and again, until it is killed. What a program must
 * pay for waking up at a rhythm, whatever it does then.
 *
 *     sleeper MICROSECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	long us = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return puts("usage: sleeper MICROSECONDS") < 0;
	if (us <= 0) {
		fputs("usage: sleeper MICROSECONDS\n", stderr);
		return 2;
	}
	for (;;)
		nanosleep(&pause, NULL);
}
