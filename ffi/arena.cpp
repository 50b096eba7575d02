// The CPU's memory. glibc returns large blocks to the kernel and asks for them again, which costs a page fault for each
// 4 KiB: 1.2 to 1.5 x of a training step. Here, blocks of 64 KiB and more are cut from one reserved range of addresses,
// best fit first, and joined again when freed; their pages stay. So memory is fast, its peak is known to the byte, and a
// limit makes "out of memory" an exception instead of the kernel killing the process.
#include "shim.h"
#include <c10/core/CPUAllocator.h>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <malloc.h>
#include <sys/mman.h>

namespace {

constexpr size_t RESERVE = size_t(1) << 43;  // 8 TiB of addresses; nothing is used until it is written
constexpr size_t LARGE = 64 << 10;           // smaller blocks are malloc's: it is good at those
constexpr size_t GRAIN = 4 << 10;            // sizes are whole pages

class Arena final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* p = take(bytes);
    return {p, p, &Arena::release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Arena::release; }
  void copy_data(void* to, const void* from, size_t n) const override { default_copy_data(to, from, n); }

  void figures(double* out) {
    std::lock_guard<std::mutex> lock(mutex);
    out[0] = used, out[1] = peak, out[2] = top, out[3] = limit;
  }
  void reset_peak() {
    std::lock_guard<std::mutex> lock(mutex);
    peak = used;
  }
  void set_limit(double bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    limit = (size_t)bytes;
  }
  /** Gives the pages of free blocks back to the kernel. */
  void trim() {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto [at, size] : free_at) madvise(base + at, size, MADV_DONTNEED);
  }
  bool reserve() {
    if (base) return true;  // a second isolate of the process shares it
    void* p = MAP_FAILED;
    size_t size = RESERVE;
    for (; size > (size_t(1) << 36) && p == MAP_FAILED; size /= 2)
      p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    base = (char*)p, end = size;
    madvise(base, end, MADV_HUGEPAGE);  // one fault for 2 MiB where the kernel can
    return true;
  }
  static Arena& self() {
    static Arena* arena = new Arena;  // never destroyed: tensors may outlive every static
    return *arena;
  }

 private:
  std::mutex mutex;
  char* base = nullptr;
  size_t end = 0, top = 0, used = 0, peak = 0, limit = 0;
  std::map<size_t, size_t> free_at;                    // offset -> size
  std::set<std::pair<size_t, size_t>> free_by_size;    // (size, offset): the first that fits is the best
  std::unordered_map<size_t, size_t> taken;            // offset -> size

  void* take(size_t bytes) {
    if (bytes == 0) return nullptr;
    if (bytes < LARGE) {
      void* p = nullptr;
      if (posix_memalign(&p, 64, bytes)) throw std::bad_alloc();
      return p;
    }
    size_t size = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    std::lock_guard<std::mutex> lock(mutex);
    if (limit && used + size > limit) refuse(bytes);
    size_t at;
    auto fit = free_by_size.lower_bound({size, 0});
    if (fit != free_by_size.end()) {
      at = fit->second;
      size_t whole = fit->first;
      forget(at, whole);
      if (whole > size) add_free(at + size, whole - size);
    } else {
      // Nothing fits: grow, starting inside the free block at the top if there is one.
      at = top;
      if (!free_at.empty()) {
        auto last = std::prev(free_at.end());
        if (last->first + last->second == top) {
          at = last->first;
          forget(at, last->second);
        }
      }
      if (at + size > end) refuse(bytes);
      top = at + size;
    }
    taken[at] = size;
    used += size;
    if (used > peak) peak = used;
    return base + at;
  }

  static void release(void* p) {
    if (p) self().give_back(p);
  }
  void give_back(void* p) {
    if ((char*)p < base || (char*)p >= base + end) return free(p);
    std::lock_guard<std::mutex> lock(mutex);
    size_t at = (char*)p - base;
    auto it = taken.find(at);
    size_t size = it->second;
    taken.erase(it);
    used -= size;
    auto next = free_at.lower_bound(at);
    if (next != free_at.end() && next->first == at + size) {
      size += next->second;
      forget(next->first, next->second);
    }
    auto before = free_at.lower_bound(at);
    if (before != free_at.begin() && (--before)->first + before->second == at) {
      at = before->first;
      size += before->second;
      forget(before->first, before->second);
    }
    add_free(at, size);
  }
  void add_free(size_t at, size_t size) {
    free_at[at] = size;
    free_by_size.insert({size, at});
  }
  void forget(size_t at, size_t size) {
    free_by_size.erase({size, at});
    free_at.erase(at);
  }
  [[noreturn]] void refuse(size_t bytes) {
    throw std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes wanted, " + std::to_string(used) +
                             " of " + std::to_string(limit ? limit : end) + " in use");
  }
};

}  // namespace

/** Makes the arena libtorch's CPU allocator; call before the first tensor. A limit of 0 is none. */
EXPORT int32_t ftx_use_arena(double limit) {
  return guard([&]() -> int32_t {
#ifdef __GLIBC__
    // oneDNN takes its scratch memory from malloc, tens of megabytes a product: glibc shall keep those pages too.
    mallopt(M_MMAP_MAX, 0);  // the threshold for mappings of their own cannot be set above 32 MiB
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
    if (!Arena::self().reserve()) return 1;  // no addresses to be had: libtorch keeps its own allocator
    Arena::self().set_limit(limit);
    c10::SetCPUAllocator(&Arena::self(), 1);
    return 2;
  });
}

/** out: bytes in use, peak, highest address ever used, limit. Only blocks of 64 KiB and more are counted. */
EXPORT void ftx_memory(double* out) { Arena::self().figures(out); }
EXPORT void ftx_reset_peak() { Arena::self().reset_peak(); }
EXPORT void ftx_set_memory_limit(double bytes) { Arena::self().set_limit(bytes); }
EXPORT void ftx_trim() { Arena::self().trim(); }
