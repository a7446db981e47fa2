/*
 * Export main: `berth-atlas export`, which `berth atlas` runs.
 *
 *     export dir=DIRECTORY lang=en,de registry=FILE url=BASE ports=FIRST-LAST say=en
 *
 * Words that are left out or empty stand for: en,de; the newest registry; no sitemaps; all ports;
 * sentences in the language of the locale.
 * One line on standard output, for berth and nobody else: "done PAGES FILES BYTES",
 * "refused SENTENCE" or "failed SENTENCE".
 */
#pragma once

/* `argv[0]` is "export". Returns the exit status: 0 after "done". */
int export_main(int argc, char **argv);
