// The process around the tensors: random state, threads, precision, devices, schemas, files.
#include "shim.h"
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/version.h>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <string>
#include <fcntl.h>
#include <unistd.h>

/** The version of libtorch whose headers this shim was compiled with, such as 2.13.0. */
EXPORT int32_t ftx_version(char* out, int32_t cap) { return give(TORCH_VERSION, out, cap); }

EXPORT int32_t ftx_manual_seed(double seed) {
  return guard([&]() -> int32_t {
    at::manual_seed((uint64_t)seed);
    return 1;
  });
}

/** Whose random numbers a device draws; a dry run draws none and is given the CPU's. */
static at::Generator generator(int32_t device) {
  return at::globalContext().defaultGenerator(ftx::dry::device == ftx::dry::NONE ? device_of(device) : at::Device(at::kCPU));
}

/** The state of a device's random numbers as a byte tensor (CPU: 5056 bytes; CUDA: seed and offset). */
EXPORT H ftx_random_state(int32_t device) {
  return guard([&]() -> H {
    auto g = generator(device);
    std::lock_guard<std::mutex> lock(g.mutex());
    return put(g.get_state());
  });
}

EXPORT int32_t ftx_set_random_state(int32_t device, H state) {
  return guard([&]() -> int32_t {
    if (ftx::dry::device != ftx::dry::NONE) return 1;
    auto g = generator(device);
    std::lock_guard<std::mutex> lock(g.mutex());
    g.set_state(get(state));
    return 1;
  });
}

EXPORT int32_t ftx_threads(int32_t n) {
  return guard([&]() -> int32_t {
    if (n > 0) at::set_num_threads(n);
    return at::get_num_threads();
  });
}

/** "highest", "high" or "medium": how fp32 products may be computed. */
EXPORT int32_t ftx_matmul_precision(const char* name) {
  return guard([&]() -> int32_t {
    at::globalContext().setFloat32MatmulPrecision(name);
    return 1;
  });
}

EXPORT int32_t ftx_cuda_devices() {
  return guard([&]() -> int32_t {
    return at::hasCUDA() ? 1 + at::detail::getCUDAHooks().deviceCount() : 1;
  }) - 1;
}

/** The schema that libtorch registers for an operator; 0 where it has none. */
EXPORT int32_t ftx_schema(const char* name, const char* overload, char* out, int32_t cap) {
  return guard([&]() -> int32_t {
    auto op = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!op) return 0;
    std::ostringstream s;
    s << op->schema();
    return give(s.str(), out, cap);
  });
}

/**
 * Reads `bytes` bytes at `offset` of a file straight to `address`. Touches no tensor and no table, so it may run on
 * another thread. Returns the bytes read (fewer at the file's end), or -errno.
 */
EXPORT double ftx_pread(const char* path, double offset, void* address, double bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  size_t done = 0, all = (size_t)bytes;
  while (done < all) {
    ssize_t n = pread(fd, (char*)address + done, std::min<size_t>(all - done, 64 << 20), (off_t)offset + done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int e = errno;
      close(fd);
      return -e;
    }
    if (n == 0) break;
    done += n;
  }
  close(fd);
  return done;
}
