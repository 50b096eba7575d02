// The start of dist/ftx: unpacks what is appended to this program once, and executes it from then on.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "payload.h"
#include "place.h"
#include "say.h"
#include "unpack.h"

/** "{root}/deno" with the folder put in. */
static char *fill(const char *pattern, const char *root) {
  const char *mark = strstr(pattern, "{root}");
  if (!mark) return text("%s", pattern);
  return text("%.*s%s%s", (int)(mark - pattern), pattern, root, mark + strlen("{root}"));
}

/** Becomes the unpacked program. Comes back only with the reason why this folder does not do. */
static const char *run(const Payload *payload, const char *root, int argc, char **argv) {
  for (size_t i = 0; i < payload->env_count; i += 2) setenv(payload->env[i], fill(payload->env[i + 1], root), 1);
  char **words = calloc(payload->run_count + argc + 1, sizeof *words);
  if (!words) return strerror(ENOMEM);
  for (size_t i = 0; i < payload->run_count; i++) words[i] = fill(payload->run[i], root);
  for (int i = 1; i < argc; i++) words[payload->run_count + i - 1] = argv[i];
  execv(words[0], words);
  if (errno == E2BIG) fail(EXIT_USAGE, "Cannot start ftx: its arguments are too long; put them into a file");
  if (errno == ENOENT && access(words[0], F_OK) == 0) {
    fail(EXIT_USAGE, "Cannot start ftx: this system has no glibc for x86-64; use a Linux with glibc 2.27 or newer");
  }
  return errno == EACCES ? "programs may not run there" : strerror(errno);
}

int main(int argc, char **argv) {
  Payload payload;
  open_payload(&payload);
  Place places[PLACES];
  size_t count = list_places(places);
  for (size_t i = 0; i < count; i++) {
    char *root = text("%s/%s", places[i].path, payload.name);
    if (is_whole(&payload, root)) run(&payload, root, argc, argv);
  }
  char *reasons = "";
  for (size_t i = 0; i < count; i++) {
    const Place *place = &places[i];
    const char *why = prepare_place(place, payload.unpacked_bytes + payload.unpacked_bytes / 20);
    if (!why) why = unpack(&payload, place->path);
    if (!why) {
      if (!place->is_cache) note("ftx is unpacked into \"%s\"%s%s", place->path, *reasons ? ", because " : "", reasons);
      why = run(&payload, text("%s/%s", place->path, payload.name), argc, argv);
    }
    reasons = text("%s%s\"%s\" cannot be used (%s)", reasons, *reasons ? ", " : "", place->path, why);
  }
  fail(EXIT_STORAGE, "Cannot unpack ftx: %s; set XDG_CACHE_HOME to a folder of yours with %llu MB free", reasons,
       (unsigned long long)payload.unpacked_bytes / 1000000 + 1);
}
