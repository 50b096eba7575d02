// A GPU as its owner sees it: memory, waiting, pinned host memory. By libtorch's device-generic interfaces, so that the shim
// needs no header and no library of CUDA: the same code serves a CPU build, where there is never a device to ask.
#include "shim.h"
#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/ops/empty.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <memory>

/** out: bytes in tensors and their peak, bytes taken from the driver and their peak, free, all; retries, failures. */
EXPORT int32_t ftx_device_memory(int32_t device, double* out) {
  return guard([&]() -> int32_t {
    constexpr auto all = (size_t)c10::CachingAllocator::StatType::AGGREGATE;
    auto* allocator = at::getDeviceAllocator(at::kCUDA);
    if (!allocator->initialized()) at::globalContext().lazyInitDevice(at::kCUDA);
    auto stats = allocator->getDeviceStats(device);
    auto [free, total] = allocator->getMemoryInfo(device);
    out[0] = stats.allocated_bytes[all].current, out[1] = stats.allocated_bytes[all].peak;
    out[2] = stats.reserved_bytes[all].current, out[3] = stats.reserved_bytes[all].peak;
    out[4] = free, out[5] = total, out[6] = stats.num_alloc_retries, out[7] = stats.num_ooms;
    return 1;
  });
}

/** Peaks count from now on. */
EXPORT int32_t ftx_device_reset_peak(int32_t device) {
  return guard([&]() -> int32_t {
    auto* allocator = at::getDeviceAllocator(at::kCUDA);
    if (allocator->initialized()) allocator->resetPeakStats(device);
    return 1;
  });
}

/** Gives the memory of freed tensors back to the driver. */
EXPORT int32_t ftx_device_trim() {
  return guard([&]() -> int32_t {
    auto* allocator = at::getDeviceAllocator(at::kCUDA);
    if (allocator->initialized()) allocator->emptyCache();
    return 1;
  });
}

/** Waits for everything that was sent to the device. */
EXPORT int32_t ftx_device_synchronize(int32_t device) {
  return guard([&]() -> int32_t {
    at::accelerator::synchronizeDevice(device);
    return 1;
  });
}

/** An uninitialised tensor in host memory that a GPU reads and writes by itself; ordinary memory where there is no GPU. */
EXPORT H ftx_pinned(const double* shape, int32_t n, int32_t dtype) {
  return guard([&]() -> H {
    auto options = at::TensorOptions(dtype_of(dtype));
    if (ftx::dry::device != ftx::dry::NONE) return put(at::empty(ints(shape, n), options.device(at::kMeta)));
    bool gpu = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
    return put(at::empty(ints(shape, n), options.pinned_memory(gpu)));
  });
}

// Marks in a device's queue of work, by slot; 0 is none.
static std::vector<std::unique_ptr<c10::Event>> marks(1);

/** Makes a mark for this device, in a dry run one that nobody waits for; returns its slot. */
EXPORT int32_t ftx_mark() {
  return guard([&]() -> int32_t {
    marks.push_back(ftx::dry::device == ftx::dry::NONE ? std::make_unique<c10::Event>(at::kCUDA) : nullptr);
    return marks.size() - 1;
  });
}

/** Puts the mark behind all that was sent to the device so far; where it was before is forgotten. */
EXPORT int32_t ftx_mark_here(int32_t slot, int32_t device) {
  return guard([&]() -> int32_t {
    if (auto& mark = marks.at(slot)) mark->record(at::accelerator::getCurrentStream(device));
    return 1;
  });
}

/** Waits until the device has come to the mark; not at all for one that was never put anywhere. */
EXPORT int32_t ftx_mark_wait(int32_t slot) {
  return guard([&]() -> int32_t {
    if (auto& mark = marks.at(slot)) mark->synchronize();
    return 1;
  });
}

/** Ends a mark. Its slot is not used again: a process makes few. */
EXPORT void ftx_mark_end(int32_t slot) {
  if (slot > 0 && (size_t)slot < marks.size()) marks[slot].reset();
}
