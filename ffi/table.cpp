// The table of tensors, and what TypeScript asks of a single one.
#include "shim.h"
#include <ATen/ops/empty.h>
#include <algorithm>
#include <cstring>

static auto& slots = *new std::vector<at::Tensor>(1);  // slot 0 is never used; never destroyed: libtorch's statics may be gone by then
static std::vector<H> freed;
static std::string error;
static std::vector<H> results;  // of the last call that gave more than its buffer holds

H put(at::Tensor t) {
  if (!t.defined()) return 0;
  if (freed.empty()) {
    slots.push_back(std::move(t));
    return slots.size() - 1;
  }
  H h = freed.back();
  freed.pop_back();
  slots[h] = std::move(t);
  return h;
}

at::Tensor& get(H h) {
  if (h == DEAD) throw std::runtime_error("tensor used after its scope ended");
  if (h == 0 || h >= slots.size() || !slots[h].defined()) throw std::runtime_error("no such tensor");
  return slots[h];
}

void fail(const char* what) { error = what; }

int32_t give(const std::string& text, char* out, int32_t cap) {
  memcpy(out, text.data(), std::min<size_t>(text.size(), cap));
  return text.size();
}

/** The text of the last error. */
EXPORT int32_t ftx_error(char* out, int32_t cap) { return give(error, out, cap); }

int32_t put_all(at::TensorList tensors, H* out, int32_t cap) {
  if (tensors.size() > (size_t)cap) {
    results.resize(tensors.size());
    out = results.data();
  }
  for (auto& t : tensors) *out++ = put(t);
  return tensors.size() + 1;
}

/** The handles that the last call made and could not give, all of them; the buffer must have room. */
EXPORT void ftx_results(H* out) { std::copy(results.begin(), results.end(), out); }

/** Forgets the tensors; unknown handles are passed over, so releasing twice is harmless. */
EXPORT void ftx_release(const H* h, int32_t n) {
  for (int i = 0; i < n; i++) {
    if (h[i] == 0 || h[i] >= slots.size() || !slots[h[i]].defined()) continue;
    slots[h[i]].reset();
    freed.push_back(h[i]);
  }
}

EXPORT int32_t ftx_live() { return slots.size() - 1 - freed.size(); }

/** out: dtype, device (-1 = CPU), then the sizes, as many as `cap` numbers hold. Returns the number of all sizes + 1. */
EXPORT int32_t ftx_meta(H h, double* out, int32_t cap) {
  return guard([&]() -> int32_t {
    auto& t = get(h);
    out[0] = (int)t.scalar_type();
    out[1] = t.is_cuda() ? t.get_device() : t.is_meta() ? ftx::dry::device : -1;
    for (int i = 0; i < t.dim() && 2 + i < cap; i++) out[2 + i] = t.size(i);
    return t.dim() + 1;
  });
}

/** out[0] = the number that the tensor holds; 0 in a dry run. Waits for the GPU. */
EXPORT int32_t ftx_item(H h, double* out) {
  return guard([&]() -> int32_t {
    auto& t = get(h);
    out[0] = t.is_meta() ? 0 : t.item().toDouble();
    return 1;
  });
}

/** A CPU tensor with a copy of `data`, which has `bytes` bytes. */
EXPORT H ftx_from(const void* data, double bytes, const double* shape, int32_t n, int32_t dtype) {
  return guard([&]() -> H {
    auto t = at::empty(ints(shape, n), at::TensorOptions(dtype_of(dtype)).device(device_of(-1)));
    TORCH_CHECK((double)t.nbytes() == bytes, (int64_t)bytes / t.element_size(), " numbers do not fill the shape ", t.sizes());
    if (!t.is_meta()) memcpy(t.mutable_data_ptr(), data, t.nbytes());
    return put(t);
  });
}

/** Copies the elements, row-major, into `out`, which has `bytes` bytes; zeros in a dry run. */
EXPORT int32_t ftx_read(H h, void* out, double bytes) {
  return guard([&]() -> int32_t {
    if (get(h).is_meta()) return memset(out, 0, (size_t)bytes), 1;
    auto t = get(h).detach().cpu().contiguous();
    if ((double)t.nbytes() != bytes) throw std::runtime_error("the buffer has another size than the tensor");
    memcpy(out, t.const_data_ptr(), t.nbytes());
    return 1;
  });
}

/** out: address, bytes. Only for contiguous tensors in host memory; the address lives as long as the tensor. In a dry run, zeros that nobody reads. */
EXPORT int32_t ftx_memory_of(H h, uint64_t* out) {
  return guard([&]() -> int32_t {
    auto& t = get(h);
    if (t.is_meta()) return out[0] = (uint64_t)ftx::dry::scratch(t.nbytes()), out[1] = t.nbytes(), 1;
    if (!t.is_cpu() || !t.is_contiguous()) throw std::runtime_error("only a contiguous tensor on the CPU has host memory");
    out[0] = (uint64_t)t.data_ptr();
    out[1] = t.nbytes();
    return 1;
  });
}
