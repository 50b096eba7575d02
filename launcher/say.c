#define _GNU_SOURCE
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void say(const char *label, const char *format, va_list values) {
  fputs(label, stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
}

void fail(int exit_code, const char *format, ...) {
  va_list values;
  va_start(values, format);
  say("error: ", format, values);
  exit(exit_code);
}

void note(const char *format, ...) {
  va_list values;
  va_start(values, format);
  say("note: ", format, values);
  va_end(values);
}

char *text(const char *format, ...) {
  char *made;
  va_list values;
  va_start(values, format);
  if (vasprintf(&made, format, values) < 0) fail(3, "Cannot start ftx: there is no memory left; end other programs");
  va_end(values);
  return made;
}
