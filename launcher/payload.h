// What is appended to the launcher (tools/build/payload.ts writes it):
//
//   launcher (ELF) | index (text) | files (zstd frames, one after the other) | footer (64 bytes)
//
//   footer   "ftx payload v1\n\0", size of the index, size of the frames (uint64, little-endian), SHA-256 of both
//   index    run <TAB> word <TAB> word …             what to execute, {root} standing for the unpacked folder
//            env <TAB> name <TAB> value              set for it, {root} as above
//            file <TAB> mode, octal <TAB> size <TAB> path      in the order of the frames
#pragma once
#include <stdint.h>
#include <sys/types.h>

/** A file of the payload. */
typedef struct {
  char *path; // relative, with folders
  mode_t mode;
  uint64_t size;
} Entry;

/** The open payload of this very executable. */
typedef struct {
  char *executable; // its path, for messages
  int fd;
  uint64_t index_at, index_size, frames_at, frames_size;
  uint8_t hash[32];
  char name[33]; // the first half of the hash in hex: the name of the unpacked folder
  char **run;    // ends with NULL
  size_t run_count;
  char **env; // name, value, name, value, …
  size_t env_count;
  Entry *entries;
  size_t entry_count;
  uint64_t unpacked_bytes;
} Payload;

/** Finds and reads the payload. Ends the process with a sentence where it is cut short or damaged. */
void open_payload(Payload *payload);

/** Reads exactly `size` bytes at `at`, or ends the process with a sentence. */
void read_payload(const Payload *payload, void *to, size_t size, uint64_t at);

/** Ends the process: the executable is not what was built. */
_Noreturn void fail_damaged(const Payload *payload, const char *what);
