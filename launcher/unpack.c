#define _GNU_SOURCE
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "place.h"
#include "say.h"
#include "sha256.h"
#include "sync.h"
#include "zstd.h"

// Every unpacked file gets this time (2020-01-01): one that was written to since has another.
#define STAMP 1577836800
#define PIECE ((size_t)1 << 20)

bool is_whole(const Payload *payload, const char *folder) {
  int at = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat top, file;
  bool whole = at >= 0 && !distrust(folder) && fstat(at, &top) == 0;
  for (size_t i = 0; whole && i < payload->entry_count; i++) {
    const Entry *entry = &payload->entries[i];
    whole = fstatat(at, entry->path, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) &&
            (uint64_t)file.st_size == entry->size && (file.st_mode & 07777) == entry->mode &&
            file.st_mtim.tv_sec == STAMP && file.st_uid == top.st_uid;
  }
  if (at >= 0) close(at);
  return whole;
}

/** The files being written, one after the other, from a stream of bytes. */
typedef struct {
  const Payload *payload;
  int folder, fd;
  size_t next;   // the entry after the open one
  uint64_t left; // bytes that the open one still gets
} Writer;

/** Closes the file that is complete, and opens the next; those without bytes are made in passing. */
static bool next_file(Writer *writer) {
  while (writer->left == 0) {
    if (writer->fd >= 0) {
      const struct timespec times[2] = {{STAMP, 0}, {STAMP, 0}};
      mode_t mode = writer->payload->entries[writer->next - 1].mode;
      bool is_kept = fchmod(writer->fd, mode) == 0 && futimens(writer->fd, times) == 0;
      sync_file_range(writer->fd, 0, 0, SYNC_FILE_RANGE_WRITE); // begins to write; sync_files waits for it
      if (close(writer->fd) != 0 || !is_kept) return false;
      writer->fd = -1;
    }
    if (writer->next == writer->payload->entry_count) return true;
    const Entry *entry = &writer->payload->entries[writer->next++];
    if (!make_parents(writer->folder, entry->path)) return false;
    writer->fd = openat(writer->folder, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (writer->fd < 0) return false;
    writer->left = entry->size;
  }
  return true;
}

static bool write_files(Writer *writer, const char *data, size_t size) {
  while (size > 0) {
    if (writer->left == 0) fail_damaged(writer->payload, "it holds more than its index says");
    size_t part = size < writer->left ? size : writer->left;
    if (!write_all(writer->fd, data, part)) return false;
    data += part, size -= part, writer->left -= part;
    if (!next_file(writer)) return false;
  }
  return true;
}

/** Decompresses all frames into the folder, and compares the hash of what was read. False with errno: the disk failed. */
static bool write_payload(const Payload *payload, int folder) {
  char *in = malloc(PIECE), *out = malloc(PIECE);
  ZSTD_DStream *stream = ZSTD_createDStream();
  if (!in || !out || !stream) return errno = ENOMEM, false;
  Sha256 hash;
  sha256_begin(&hash);
  for (uint64_t done = 0, size; done < payload->index_size; done += size) {
    size = payload->index_size - done < PIECE ? payload->index_size - done : PIECE;
    read_payload(payload, in, size, payload->index_at + done);
    sha256_add(&hash, in, size);
  }
  Writer writer = {payload, folder, -1, 0, 0};
  if (!next_file(&writer)) return false;
  for (uint64_t done = 0, size; done < payload->frames_size; done += size) {
    size = payload->frames_size - done < PIECE ? payload->frames_size - done : PIECE;
    read_payload(payload, in, size, payload->frames_at + done);
    sha256_add(&hash, in, size);
    ZSTD_inBuffer from = {in, size, 0};
    ZSTD_outBuffer to = {out, PIECE, PIECE};
    while (from.pos < from.size || to.pos == to.size) { // a full output may have more behind it
      to.pos = 0;
      if (ZSTD_isError(ZSTD_decompressStream(stream, &to, &from))) fail_damaged(payload, "it is damaged");
      if (!write_files(&writer, out, to.pos)) return false;
    }
  }
  uint8_t digest[32];
  sha256_end(&hash, digest);
  bool complete = writer.left == 0 && writer.next == payload->entry_count;
  if (!complete || memcmp(digest, payload->hash, 32) != 0) fail_damaged(payload, "its SHA-256 is another one than built");
  return true;
}

static const char *unpack_locked(const Payload *payload, const char *place, const char *wanted) {
  remove_abandoned(place);
  char *made = text("%s/.new-XXXXXX", place);
  if (!mkdtemp(made)) return strerror(errno);
  int folder = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool done = folder >= 0;
  if (done) flock(folder, LOCK_EX | LOCK_NB); // says that its maker lives
  // All is on the disk before it gets its name, so that a power cut leaves whole files or none.
  done = done && write_payload(payload, folder) && sync_files(payload, folder) && take_name(made, wanted);
  const char *why = done ? NULL : strerror(errno);
  if (access(made, F_OK) == 0) remove_tree(made); // failed, or what had the name before
  if (folder >= 0) close(folder);
  int above = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above >= 0) fsync(above), close(above);
  return why;
}

const char *unpack(const Payload *payload, const char *place) {
  char *wanted = text("%s/%s", place, payload->name);
  int lock = lock_place(place);
  const char *why = is_whole(payload, wanted) ? NULL : unpack_locked(payload, place, wanted);
  if (lock >= 0) close(lock);
  return why;
}
