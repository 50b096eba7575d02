#define _GNU_SOURCE
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "say.h"

static bool is_absolute(const char *path) { return path && path[0] == '/'; }

static Place temporary(const char *base) {
  return (Place){text("%s/ftx-%u/bin", base, geteuid()), text("%s", base), false};
}

size_t list_places(Place places[PLACES]) {
  size_t count = 0;
  const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *temporary_folder = getenv("TMPDIR");
  if (is_absolute(xdg)) {
    places[count++] = (Place){text("%s/ftx/bin", xdg), "/", true};
  } else if (is_absolute(home)) {
    places[count++] = (Place){text("%s/.cache/ftx/bin", home), text("%s", home), true};
  }
  if (is_absolute(temporary_folder)) places[count++] = temporary(temporary_folder);
  places[count++] = temporary("/tmp");
  places[count++] = temporary("/var/tmp");
  places[count++] = temporary("/dev/shm");
  return count;
}

/** We, root, and whoever owns "/" (in a container with user namespaces root may go by another number) can do all anyway. */
static bool is_trusted(uid_t owner) {
  struct stat root;
  return owner == geteuid() || owner == 0 || (stat("/", &root) == 0 && owner == root.st_uid);
}

/** "/tmp/a" -> "/tmp", "/tmp" -> "/". */
static void cut_last(char *path) {
  char *slash = strrchr(path, '/');
  slash[slash == path] = '\0';
}

/** Whether others may write in a folder. A group that has its user's number is that user's alone (umask 002 counts on it). */
static bool is_open(const struct stat *at) {
  bool is_private = at->st_uid == geteuid() && at->st_gid == (gid_t)at->st_uid;
  return at->st_mode & (is_private ? S_IWOTH : S_IWGRP | S_IWOTH);
}

// As sshd looks at a user's keys: the folder and all above it belong to us or root, and nobody else may write there.
// A folder like /tmp, in which everybody may write but only rename what is his own (sticky), may stand above ours.
static const char *distrust_above(const char *folder, bool may_be_shared) {
  char path[PATH_MAX];
  if (!realpath(folder, path)) return strerror(errno);
  for (;; may_be_shared = true) {
    struct stat at;
    if (lstat(path, &at) != 0) return strerror(errno);
    if (!is_trusted(at.st_uid)) return text("\"%s\" belongs to another user", path);
    bool is_sticky = at.st_mode & S_ISVTX;
    if (is_open(&at) && !(is_sticky && may_be_shared)) return text("others may write in \"%s\"", path);
    if (path[1] == '\0') return NULL;
    cut_last(path);
  }
}

const char *distrust(const char *folder) { return distrust_above(folder, false); }

/** Makes a folder and those above it, for us alone. */
static bool make_folders(const char *path) {
  char *copy = text("%s", path);
  for (char *c = copy + 1;; c++) {
    if (*c != '/' && *c != '\0') continue;
    char end = *c;
    *c = '\0';
    if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
      struct stat at; // a read-only disk says EROFS even of what is there
      int why = errno;
      if (stat(copy, &at) != 0 || !S_ISDIR(at.st_mode)) return errno = why, false;
    }
    if (end == '\0') return true;
    *c = end;
  }
}

const char *prepare_place(const Place *place, unsigned long long bytes) {
  if (access(place->base, F_OK) != 0) return text("there is no \"%s\"", place->base);
  char *there = text("%s", place->path); // what is there of the path: nothing is made in the folder of another user
  while (access(there, F_OK) != 0 && there[1] != '\0') cut_last(there);
  const char *why = distrust_above(there, true);
  if (why) return why;
  if (!make_folders(place->path)) return strerror(errno);
  if ((why = distrust(place->path))) return why;
  struct statvfs disk;
  if (statvfs(place->path, &disk) != 0) return strerror(errno);
  if (disk.f_flag & ST_RDONLY) return "it is read-only";
  if (disk.f_flag & ST_NOEXEC) return "programs may not run there (noexec)";
  unsigned long long free = (unsigned long long)disk.f_bavail * disk.f_frsize;
  if (free < bytes) return text("%llu MB are free of %llu MB needed", free / 1000000, bytes / 1000000 + 1);
  if (access(place->path, W_OK | X_OK) != 0) return strerror(errno);
  return NULL;
}
