#define _GNU_SOURCE
#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static const char MAGIC[16] = "ftx payload v1\n";
enum { FOOTER = 64, INDEX_LIMIT = 16 << 20 };

static void parse_index(Payload *payload, char *index);

void open_payload(Payload *payload) {
  memset(payload, 0, sizeof *payload);
  payload->executable = realpath("/proc/self/exe", NULL);
  payload->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (!payload->executable) payload->executable = (char *)getauxval(AT_EXECFN);
  if (payload->fd < 0) payload->fd = open(payload->executable, O_RDONLY | O_CLOEXEC); // no /proc, as in some chroots
  struct stat file;
  if (payload->fd < 0 || fstat(payload->fd, &file) != 0) {
    fail(EXIT_STORAGE, "Cannot start \"%s\": it cannot be read (%s); make it readable", payload->executable,
         strerror(errno));
  }
  uint8_t footer[FOOTER];
  if (file.st_size < FOOTER) fail_damaged(payload, "it is cut short");
  read_payload(payload, footer, FOOTER, file.st_size - FOOTER);
  if (memcmp(footer, MAGIC, sizeof MAGIC) != 0) fail_damaged(payload, "it is cut short");
  memcpy(&payload->index_size, footer + 16, 8);
  memcpy(&payload->frames_size, footer + 24, 8);
  memcpy(payload->hash, footer + 32, 32);
  uint64_t room = file.st_size - FOOTER;
  if (payload->index_size > INDEX_LIMIT || payload->index_size > room ||
      payload->frames_size > room - payload->index_size) {
    fail_damaged(payload, "its sizes do not fit");
  }
  payload->frames_at = room - payload->frames_size;
  payload->index_at = payload->frames_at - payload->index_size;
  for (int i = 0; i < 16; i++) sprintf(payload->name + 2 * i, "%02x", payload->hash[i]);
  char *index = calloc(1, payload->index_size + 1);
  if (!index) fail(3, "Cannot start ftx: it is out of memory; close other programs");
  read_payload(payload, index, payload->index_size, payload->index_at);
  parse_index(payload, index);
}

/** Whether a path stays inside the folder that it is joined to. */
static bool is_inside(const char *path) {
  if (path[0] == '\0' || path[0] == '/') return false;
  for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
    if (strcmp(part, "..") == 0 || strncmp(part, "../", 3) == 0) return false;
  }
  return true;
}

static void add_file(Payload *payload, char *mode, char *size, char *path) {
  if (!mode || !size || !path || !is_inside(path)) fail_damaged(payload, "its index cannot be read");
  Entry entry = {path, strtoul(mode, NULL, 8), strtoull(size, NULL, 10)};
  payload->entries[payload->entry_count++] = entry;
  payload->unpacked_bytes += entry.size;
}

static void parse_index(Payload *payload, char *index) {
  size_t words = 0, lines = 0;
  for (char *c = index; *c; c++) words += *c == '\t', lines += *c == '\n';
  payload->entries = calloc(lines + 1, sizeof *payload->entries);
  payload->run = calloc(words + 1, sizeof *payload->run);
  payload->env = calloc(words + 1, sizeof *payload->env);
  if (!payload->entries || !payload->run || !payload->env) fail_damaged(payload, "its index cannot be read");
  for (char *line = strsep(&index, "\n"); line; line = strsep(&index, "\n")) {
    char *kind = strsep(&line, "\t");
    if (strcmp(kind, "run") == 0) {
      while (line) payload->run[payload->run_count++] = strsep(&line, "\t");
    } else if (strcmp(kind, "env") == 0) {
      while (line) payload->env[payload->env_count++] = strsep(&line, "\t");
    } else if (strcmp(kind, "file") == 0) {
      char *mode = strsep(&line, "\t"), *size = strsep(&line, "\t");
      add_file(payload, mode, size, line);
    } else if (kind[0] != '\0') {
      fail_damaged(payload, "its index cannot be read");
    }
  }
  if (payload->run_count == 0 || payload->env_count % 2) fail_damaged(payload, "its index cannot be read");
}

void read_payload(const Payload *payload, void *to, size_t size, uint64_t at) {
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(payload->fd, (char *)to + done, size - done, at + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      fail(EXIT_STORAGE, "Cannot start \"%s\": it cannot be read (%s); check the disk", payload->executable,
           strerror(errno));
    }
    if (got == 0) fail_damaged(payload, "it is cut short");
    done += got;
  }
}

void fail_damaged(const Payload *payload, const char *what) {
  fail(EXIT_STORAGE, "Cannot start \"%s\": %s; copy it here again, or build it again", payload->executable, what);
}
