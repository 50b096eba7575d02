// SHA-256, FIPS 180-4.
#pragma once
#include <stddef.h>
#include <stdint.h>

/** A hash under way. */
typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
} Sha256;

void sha256_begin(Sha256 *hash);
void sha256_add(Sha256 *hash, const void *data, size_t size);
void sha256_end(Sha256 *hash, uint8_t digest[32]);
