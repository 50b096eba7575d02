// Where the payload is unpacked, and whether nobody else can have put files there.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { PLACES = 5 };

/** A folder that may hold unpacked payloads. */
typedef struct {
  char *path; // <cache>/ftx/bin, or <temporary folder>/ftx-<user's number>/bin
  char *base; // the part of it that must be there: it is not ours to make
  bool is_cache;
} Place;

/** Lists the places, best first: the user's cache, then temporary folders. Returns how many. */
size_t list_places(Place places[PLACES]);

/** Why what lies in this folder cannot be trusted, or NULL: it is missing, or others could put or swap files there. */
const char *distrust(const char *folder);

/** Makes the place, folders for us alone. Returns why it cannot be used for `bytes` of programs, or NULL. */
const char *prepare_place(const Place *place, unsigned long long bytes);
