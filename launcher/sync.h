// Files that must outlive a power cut.
#pragma once
#include <stdbool.h>

#include "payload.h"

/**
 * Waits until all files of the payload, unpacked in the open folder, are on the disk. Not by syncfs, which waits for
 * whatever others write there as well; and not one after the other, for a disk takes 32 at once in the time of one. False
 * with errno set where the disk failed.
 */
bool sync_files(const Payload *payload, int folder);
