// Products of bf16 and fp16 matrices on CPUs without instructions for them. There libtorch multiplies number by number: on an
// EPYC without AVX-512, a gradient dy [512, 1024] W [1024, 1024] takes 1,900 ms in bf16 and 21 ms in fp32. Here blocks of a and
// b are widened to fp32, multiplied by libtorch's fp32 product and rounded once; memory: three blocks a thread.
#include "gemm.h"
#include "simd.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <algorithm>
#include <atomic>

namespace ftx {
namespace {

constexpr int64_t SIDE = 256, DEPTH = 1024;  // of a block: to widen both takes some 5 % of the time of their product
constexpr int64_t FEW = 8;                   // rows, below which libtorch is as fast: it reads each number once either way

constexpr int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }

/** [rows, columns] of a matrix from (top, left) on, in fp32, in the memory of `room`. */
at::Tensor widen(const at::Tensor& room, const at::Tensor& t, int64_t top, int64_t rows, int64_t left, int64_t columns) {
  const auto from = t.narrow(0, top, rows).narrow(1, left, columns);
  const bool turned = from.stride(0) == 1;  // a copy in the order of the memory is the fastest, and fp32 products take either
  auto to = room.narrow(0, 0, rows * columns).view(turned ? at::IntArrayRef{columns, rows} : at::IntArrayRef{rows, columns});
  return (turned ? to.t() : to).copy_(from);
}

}  // namespace

bool lacks_products(const at::Tensor& t) {
  if (!is_cpu(t)) return false;
  switch (t.scalar_type()) {
#if defined(__x86_64__) && defined(__GNUC__)
    // What libtorch asks of a CPU before it calls oneDNN: mkldnn_bf16_device_check, mkldnn_fp16_device_check.
    case at::kBFloat16: {
      static const bool able = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
      return !able;
    }
#if __GNUC__ >= 12
    case at::kHalf: {
      static const bool able = __builtin_cpu_supports("avx512fp16");
      return !able;
    }
#endif
#endif
    default: return false;
  }
}

void gemm_through_fp32(const at::Tensor& c_, const at::Tensor& a_, const at::Tensor& b_, bool add, double scale) {
  const auto c = c_.detach(), a = a_.detach(), b = b_.detach();
  const int64_t M = a.size(0), K = a.size(1), N = b.size(1), across = parts(N, SIDE), count = parts(M, SIDE) * across;
  // Each thread multiplies alone, so the bits do not depend on how many there are: a single block, too, needs a second thread
  // at its side, for libtorch to know that the product is one of several.
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), std::max<int64_t>(count, 2));
  const int64_t height = std::min(SIDE, M), width = std::min(SIDE, N), depth = std::min(DEPTH, K);
  const auto room = at::empty({threads, height * depth + depth * width + height * width}, c.options().dtype(at::kFloat));
  if (c.is_meta()) return;
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t mine, int64_t) {
    c10::NoGradGuard no_grad;
    const auto rooms = room[mine].split_with_sizes({height * depth, depth * width, height * width});
    for (int64_t i; (i = next++) < count;) {
      const int64_t top = i / across * SIDE, left = i % across * SIDE, rows = std::min(SIDE, M - top), columns = std::min(SIDE, N - left);
      auto part = c.narrow(0, top, rows).narrow(1, left, columns);
      auto sum = rooms[2].narrow(0, 0, rows * columns).view({rows, columns});
      if (add) sum.copy_(part);
      else sum.zero_();
      for (int64_t from = 0; from < K; from += DEPTH) {
        const int64_t deep = std::min(DEPTH, K - from);
        sum.addmm_(widen(rooms[0], a, top, rows, from, deep), widen(rooms[1], b, from, deep, left, columns), 1, scale);
      }
      part.copy_(sum);
    }
  });
}

void thin_gemm_into(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add, double scale) {
  if (lacks_products(c) && a.size(0) >= FEW) return gemm_through_fp32(c, a, b, add, scale);
  at::Tensor out = c;
  if (add) out.addmm_(a, b, 1, scale);
  else if (scale == 1) at::mm_out(out, a, b);
  else at::addmm_out(out, out, a, b, 0, scale);
}

at::Tensor thin_gemm(const at::Tensor& a, const at::Tensor& b) {
  if (!lacks_products(a)) return at::mm(a, b);
  auto c = at::empty({a.size(0), b.size(1)}, a.options());
  thin_gemm_into(c, a, b);
  return c;
}

}  // namespace ftx
