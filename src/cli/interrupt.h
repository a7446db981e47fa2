/*
 * Interrupt: signals that ask a verb to stop become something that can be polled for, so that it
 * can tidy up and end in its own way. On Windows, what a console tells its programs: Ctrl-C,
 * Ctrl-Break (SIGTERM here), and that it is closed (SIGHUP's number).
 */
#pragma once

/* From now on SIGINT, SIGTERM and SIGHUP (where they are not ignored) make a descriptor readable.
 * Returns it, or a negative errno. Once in a run. */
int interrupt_catch(void);

/* The signal that came; 0 = none. */
int interrupt_signal(void);

/* Signals do what they usually do again; the one that came, if any, is raised: the caller dies of
 * it as if nothing had been caught. */
void interrupt_release(void);
