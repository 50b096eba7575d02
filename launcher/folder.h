// Files and folders: written whole, locked, removed, swapped.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Writes all of it. False with errno set where the disk does not take it. */
bool write_all(int fd, const void *data, size_t size);

/** Makes the folders above a file that lies in the open folder `at`. */
bool make_parents(int at, const char *path);

/** Removes a folder with all in it. */
void remove_tree(const char *path);

/** Removes the folders in `place` named ".new-…" whose makers are gone. */
void remove_abandoned(const char *place);

/** Gives `made` the name `wanted`; what has that name takes the other one, so that it is never missing. */
bool take_name(const char *made, const char *wanted);

/** Waits, at most a minute, for the lock of a place; goes on without it where there are no locks. Closing ends it. */
int lock_place(const char *place);
