/*
 * Entry: what a system has to be told before a program of it can run as berth expects.
 */
#pragma once

/*
 * Make sure that descriptors 0 to 2 stand for something, that a closed pipe ends the program or its
 * writing, that bytes stay what they are, that people are spoken to in their language, and that
 * arguments are UTF-8 (they are replaced where the system gives others). Call first. Returns NULL,
 * or in one line why berth must not run.
 */
const char *entry_prepare(int *argc, char ***argv);
