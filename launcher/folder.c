#define _GNU_SOURCE
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

bool write_all(int fd, const void *data, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t got = write(fd, (const char *)data + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    done += got;
  }
  return true;
}

bool make_parents(int at, const char *path) {
  char *copy = text("%s", path);
  for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdirat(at, copy, 0700) != 0 && errno != EEXIST) return false;
    *slash = '/';
  }
  return true;
}

static int remove_one(const char *path, const struct stat *at, int type, struct FTW *where) {
  (void)at, (void)type, (void)where;
  remove(path);
  return 0;
}

void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

void remove_abandoned(const char *place) {
  DIR *folder = opendir(place);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (strncmp(entry->d_name, ".new-", 5) != 0) continue;
    char *path = text("%s/%s", place, entry->d_name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) continue;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) remove_tree(path); // its maker would hold the lock
    close(fd);
  }
  closedir(folder);
}

bool take_name(const char *made, const char *wanted) {
  if (rename(made, wanted) == 0) return true;
  if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) return false;
  const unsigned exchange = 2; // RENAME_EXCHANGE, which older headers lack
  if (syscall(SYS_renameat2, AT_FDCWD, made, AT_FDCWD, wanted, exchange) == 0) return true;
  char *aside = text("%s-old", made); // file systems that cannot exchange: for an instant the name is missing
  if (rename(wanted, aside) != 0 || rename(made, wanted) != 0) return false;
  remove_tree(aside);
  return true;
}

int lock_place(const char *place) {
  int fd = open(text("%s/lock", place), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  for (int waited = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; waited++) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || waited == 60 * 20) break;
    if (waited == 20) note("waiting for another first start of ftx");
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
  }
  return fd;
}
