// What the launcher says: one sentence on stderr, in the form of all of ftx's errors, and ftx's exit codes.
#pragma once

enum { EXIT_USAGE = 2, EXIT_STORAGE = 6 }; // src/errors.ts

/** Prints "error: " and the sentence, and ends the process. */
_Noreturn void fail(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Prints "note: " and the sentence. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A text made by a format, in memory that is never freed: the launcher lives for a moment. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
