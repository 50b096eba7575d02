#!/bin/sh
# Everything that needs a GPU, on a bare machine: libtorch (FTX_LIBTORCH, or the torch of python3), g++ and this repository.
#
#   tests/gpu/run.sh                     the tests
#   tests/gpu/run.sh bench               the tests, then bench/gpu
#   DENO=/path/to/deno tests/gpu/run.sh  another Deno; a file that ends in .xz, .gz or .zst is unpacked first
set -eu
cd "$(dirname "$0")/../.."

find_deno() {
  case "${DENO:-}" in
    *.xz) unpacked "xz -dc" ;;
    *.gz) unpacked "gzip -dc" ;;
    *.zst) unpacked "zstd -dc" ;;
    ?*) echo "$DENO" ;;
    *) command -v deno || { command -v npx > /dev/null && echo "npx -y deno"; } ||
      { echo "Cannot run the tests: there is no Deno; set DENO to one, or to a compressed one" >&2; exit 2; } ;;
  esac
}
unpacked() {
  mkdir -p build
  $1 "$DENO" > build/deno.part
  chmod +x build/deno.part
  mv build/deno.part build/deno
  echo "$PWD/build/deno"
}

DENO=$(find_deno)
if command -v nvidia-smi > /dev/null; then
  nvidia-smi --query-gpu=name,compute_cap,memory.total,driver_version --format=csv,noheader
fi
$DENO task gen
$DENO run -A tools/setup.ts
$DENO test -A --no-check tests/gpu
if [ "${1:-}" = bench ]; then
  shift
  $DENO run -A --no-check bench/gpu/main.ts "$@"
fi
