// Puts the payload into a folder: whole, or not at all.
#pragma once
#include <stdbool.h>

#include "payload.h"

/**
 * Whether `folder` holds every file of the payload, as unpacked: sizes, modes, times, owner; and only we can have put them
 * there. Takes about a millisecond.
 */
bool is_whole(const Payload *payload, const char *folder);

/**
 * Unpacks into `<place>/<name of the payload>`, unless another process has done so meanwhile. Returns why the place did
 * not do, or NULL. Ends the process where the payload does not have its hash.
 */
const char *unpack(const Payload *payload, const char *place);
