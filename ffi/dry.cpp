// The ledger of a dry run: what meta tensors would take on the device that they stand for.
#include "dry.h"
#include "shim.h"
#include <c10/core/Allocator.h>
#include <algorithm>
#include <memory>
#include <vector>

namespace ftx::dry {

int32_t device = NONE;
bool Backward::running = false;

namespace {

constexpr int KINDS = TEMPORARY + 1;
constexpr uint64_t ALIVE = UINT64_MAX;

/** An allocation: when it was made and ended, in allocations; what it is for may be known later than that. */
struct Block {
  size_t bytes;
  Kind kind;
  uint64_t made, ended;
};

class Ledger final : public c10::Allocator {
 public:
  Kind kind = TEMPORARY;
  uint64_t now = 0;

  c10::DataPtr allocate(size_t bytes) override {
    const size_t counted = counts(bytes);
    const Kind is = Backward::running && kind == ACTIVATIONS ? TEMPORARY : kind;  // gradients on their way
    auto* block = new Block{counted, is, ++now, ALIVE};
    blocks.push_back(block);
    used += counted;
    if (used > peak) peak = used, peak_at = now;
    return {nullptr, block, &Ledger::end, c10::Device(c10::kMeta)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void*, const void*, size_t) const override {}

  /** The peak counts from now on. */
  void reset() {
    peak = used, peak_at = now;
    auto ended = std::stable_partition(blocks.begin(), blocks.end(), [](Block* block) { return block->ended == ALIVE; });
    std::for_each(ended, blocks.end(), [](Block* block) { delete block; });
    blocks.erase(ended, blocks.end());
  }
  void figures(double* out) const {
    out[0] = used, out[1] = peak, out[2] = peak_at;
    std::fill_n(out + 3, KINDS, 0.0);
    for (const Block* block : blocks)
      if (block->made <= peak_at && block->ended >= peak_at) out[3 + block->kind] += block->bytes;
  }
  /** Memory for numbers that nobody reads, until the run ends. */
  void* scratch(size_t bytes) {
    buffers.push_back(std::make_unique<char[]>(bytes));
    return buffers.back().get();
  }
  void forget_scratch() { buffers.clear(); }

  static Ledger& self() {
    static Ledger* ledger = new Ledger;  // never destroyed: tensors may outlive every static
    return *ledger;
  }

 private:
  size_t used = 0, peak = 0;
  uint64_t peak_at = 0;
  std::vector<Block*> blocks;
  std::vector<std::unique_ptr<char[]>> buffers;

  /** The arena counts blocks of 64 KiB and more, in pages of 4 KiB; CUDA's caching allocator counts all, in 512 bytes. */
  static size_t counts(size_t bytes) {
    const size_t least = device < 0 ? 64 << 10 : 1, grain = device < 0 ? 4 << 10 : 512;
    return bytes < least ? 0 : (bytes + grain - 1) / grain * grain;
  }
  // A block ends "at" the last allocation made before: one that makes a new peak afterwards does not count it.
  static void end(void* p) {
    auto* block = static_cast<Block*>(p);
    block->ended = self().now;
    self().used -= block->bytes;
  }
};

}  // namespace

For::For(Kind kind) : before(Ledger::self().kind) { Ledger::self().kind = kind; }
For::~For() { Ledger::self().kind = before; }

void* scratch(size_t bytes) { return Ledger::self().scratch(bytes); }

}  // namespace ftx::dry

using namespace ftx::dry;

/** From now on tensors for this device have no memory, and what they would take is counted. */
EXPORT int32_t ftx_dry_begin(int32_t on) {
  return guard([&]() -> int32_t {
    if (device != NONE) throw std::runtime_error("a dry run is going on already");
    c10::SetAllocator(c10::kMeta, &Ledger::self(), 255);
    register_kernels();
    device = on;
    return 1;
  });
}

EXPORT void ftx_dry_end() {
  device = NONE;
  Ledger::self().forget_scratch();
  Ledger::self().reset();
}

/** What is allocated from now on is for `kind`; returns how many allocations there were before. */
EXPORT double ftx_dry_kind(int32_t kind) {
  Ledger::self().kind = (Kind)kind;
  return (double)Ledger::self().now;
}

/** The memory of a tensor is for `kind`, also where it was counted as another. */
EXPORT int32_t ftx_dry_turn(H h, int32_t kind) {
  return guard([&]() -> int32_t {
    auto& storage = get(h).storage();
    if (auto* block = static_cast<Block*>(storage.data_ptr().get_context())) block->kind = (Kind)kind;
    return 1;
  });
}

/** out: bytes now, at most, in which allocation that was; then what of the peak is for each kind. */
EXPORT void ftx_dry_figures(double* out) { Ledger::self().figures(out); }
EXPORT void ftx_dry_reset() { Ledger::self().reset(); }
