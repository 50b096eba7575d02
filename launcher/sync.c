#define _GNU_SOURCE
#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/** Files that wait to be synced, by several threads. */
typedef struct {
  const Payload *payload;
  int folder;
  atomic_size_t next;
  atomic_int failure; // the first errno
} Syncer;

static void *sync_some(void *all) {
  Syncer *syncer = all;
  for (size_t i; (i = atomic_fetch_add(&syncer->next, 1)) < syncer->payload->entry_count;) {
    int fd = openat(syncer->folder, syncer->payload->entries[i].path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) syncer->failure = errno;
    if (fd >= 0) close(fd);
  }
  return NULL;
}

bool sync_files(const Payload *payload, int folder) {
  Syncer syncer = {.payload = payload, .folder = folder};
  pthread_t threads[31];
  size_t started = 0;
  while (started < 31 && pthread_create(&threads[started], NULL, sync_some, &syncer) == 0) started++;
  sync_some(&syncer);
  while (started > 0) pthread_join(threads[--started], NULL);
  errno = syncer.failure;
  return syncer.failure == 0;
}
