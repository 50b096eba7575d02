// Goto and van de Geijn's product (https://doi.org/10.1145/1356052.1356053): a tile of c stays in registers while it sums
// over K; what it reads of b lies side by side in the first cache, what it reads of a in the second.
#include "gemm.h"
#include "simd.h"
#include "transpose.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define AVX512 __attribute__((target("avx512f")))
#endif

namespace ftx {

#ifdef AVX512
namespace {

constexpr int64_t ROWS = 12, COLUMNS = 32;   // of a tile: 24 of the 32 registers
constexpr int64_t DEPTH = 512;               // of a sum before c is written
constexpr int64_t PIECE = 11 * ROWS;         // rows that a thread takes at once; 0.25 MiB of a, which stay in the second cache
constexpr int64_t PACKED = (2 << 20) / 4;    // numbers of a and of b that are packed at once, by all threads for all
constexpr int64_t AHEAD = 8;                 // rows that are fetched before they are packed

constexpr int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }

struct View {
  const float* data;
  int64_t row, column;  // strides; one of them is 1
  const float* at(int64_t i, int64_t j) const { return data + i * row + j * column; }
  View from(int64_t i, int64_t j) const { return {at(i, j), row, column}; }
};
View view(const at::Tensor& t) { return {at_<float>(t), t.stride(0), t.stride(1)}; }

// c [ROWS, COLUMNS] (+)= a b, b [K, COLUMNS] packed; a [K, ROWS] packed, or where it is, its rows `row` apart.
template <bool A_PACKED>
AVX512 void tile(const float* a, int64_t row, const float* b, int64_t K, float* c, int64_t ldc, bool add) {
  __m512 sum[ROWS][2];
#pragma GCC unroll 12
  for (int i = 0; i < ROWS; i++) {
    sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    _mm_prefetch(c + i * ldc, _MM_HINT_T0), _mm_prefetch(c + i * ldc + 16, _MM_HINT_T0);
  }
  for (int64_t k = 0; k < K; k++) {
    const __m512 left = _mm512_loadu_ps(b + k * COLUMNS), right = _mm512_loadu_ps(b + k * COLUMNS + 16);
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++) {
      const __m512 x = _mm512_set1_ps(A_PACKED ? a[k * ROWS + i] : a[i * row + k]);
      sum[i][0] = _mm512_fmadd_ps(x, left, sum[i][0]), sum[i][1] = _mm512_fmadd_ps(x, right, sum[i][1]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < ROWS; i++) {
    float* out = c + i * ldc;
    if (add) {
      sum[i][0] = _mm512_add_ps(sum[i][0], _mm512_loadu_ps(out));
      sum[i][1] = _mm512_add_ps(sum[i][1], _mm512_loadu_ps(out + 16));
    }
    _mm512_storeu_ps(out, sum[i][0]), _mm512_storeu_ps(out + 16, sum[i][1]);
  }
}

// b [K, columns] -> [K, COLUMNS], filled up with 0.
AVX512 void pack_columns(View b, int64_t K, int64_t columns, float* out) {
  int64_t k = 0;
  if (columns < COLUMNS) std::fill(out, out + K * COLUMNS, 0.0f);
  else if (b.column == 1)
    for (; k < K; k++) {
      const float* in = b.at(k, 0);
      _mm_prefetch(in + AHEAD * b.row, _MM_HINT_T0), _mm_prefetch(in + AHEAD * b.row + 16, _MM_HINT_T0);
      _mm512_storeu_ps(out + k * COLUMNS, _mm512_loadu_ps(in)), _mm512_storeu_ps(out + k * COLUMNS + 16, _mm512_loadu_ps(in + 16));
    }
  else
    for (; k + TURNED <= K; k += TURNED) {
      for (int64_t j = 0; j < COLUMNS; j++) _mm_prefetch(b.at(k + 2 * TURNED, j), _MM_HINT_T0);
      turn(b.at(k, 0), b.column, out + k * COLUMNS, COLUMNS), turn(b.at(k, TURNED), b.column, out + k * COLUMNS + TURNED, COLUMNS);
    }
  for (; k < K; k++)
    for (int64_t j = 0; j < columns; j++) out[k * COLUMNS + j] = *b.at(k, j);
}

// a [rows, K] -> tiles of [K, ROWS], the last filled up with whatever there is.
AVX512 void pack_rows(View a, int64_t rows, int64_t K, float* out) {
  for (int64_t from = 0; from < K; from += AHEAD)
    for (int64_t i = 0; i < rows; i += ROWS) {
      const int64_t height = std::min(ROWS, rows - i);
      const __mmask16 mask = (1 << height) - 1;
      for (int64_t k = from; k < std::min(K, from + AHEAD); k++) {
        float* to = out + i * K + k * ROWS;
        if (a.row == 1) {
          _mm_prefetch(a.at(i, k + AHEAD), _MM_HINT_T0);
          _mm512_mask_storeu_ps(to, mask, _mm512_maskz_loadu_ps(mask, a.at(i, k)));
        } else {
          for (int64_t x = 0; x < height; x++) to[x] = *a.at(i + x, k);
        }
      }
    }
}

/** A product of packed numbers: what one thread after another takes a piece of. */
struct Pieces {
  View a;                   // [rows, K]
  const float *a_packed;    // its tiles from `direct` on
  const float *b_packed;    // [columns / COLUMNS, K, COLUMNS]
  float* c;
  int64_t ldc, rows, columns, K, direct;
  bool add;

  int64_t down() const { return parts(rows, PIECE); }
  int64_t count() const { return down() * parts(columns, COLUMNS); }
  // The pieces of the same rows follow one another, for those rows to stay in the cache.
  void multiply(int64_t piece) const {
    const int64_t across = parts(columns, COLUMNS), j = piece % across * COLUMNS, top = piece / across * PIECE;
    for (int64_t i = top; i < std::min(rows, top + PIECE); i += ROWS) {
      const int64_t tall = std::min(ROWS, rows - i), wide = std::min(COLUMNS, columns - j);
      const bool edge = tall < ROWS || wide < COLUMNS;  // of c: what lies beyond is computed and dropped
      float beside[ROWS * COLUMNS], *there = c + i * ldc + j, *out = edge ? beside : there;
      const int64_t stride = edge ? COLUMNS : ldc;
      if (i < direct) tile<false>(a.at(i, 0), a.row, b_packed + j * K, K, out, stride, add && !edge);
      else tile<true>(a_packed + (i - direct) * K, 0, b_packed + j * K, K, out, stride, add && !edge);
      for (int64_t x = 0; edge && x < tall; x++)
        for (int64_t y = 0; y < wide; y++) there[x * ldc + y] = beside[x * COLUMNS + y] + (add ? there[x * ldc + y] : 0);
    }
  }
};

// Threads take the next piece when they are done with one, so none waits long for another that was held up.
void in_turn(const Pieces& pieces) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    for (int64_t i; (i = next++) < pieces.count();) pieces.multiply(i);
  });
}

void multiply(const at::Tensor& c_, const at::Tensor& a_, const at::Tensor& b_, bool add) {
  const int64_t M = a_.size(0), K = a_.size(1), N = b_.size(1), ldc = c_.stride(0);
  const View a = view(a_), b = view(b_);
  const bool direct = a.column == 1;  // but for the last tile
  const int64_t depth = parts(parts(K, parts(K, DEPTH)), TURNED) * TURNED;
  const int64_t width = std::min(parts(N, COLUMNS), PACKED / depth / COLUMNS) * COLUMNS;
  const int64_t height = direct ? parts(M, ROWS) * ROWS : std::min(parts(M, ROWS), PACKED / depth / ROWS) * ROWS;
  const auto b_packed = at::empty({width * depth}, b_.options()), a_packed = at::empty({(direct ? ROWS : height) * depth}, a_.options());
  if (c_.is_meta()) return;
  auto shared = [](int64_t n, int64_t unit, auto pack) {  // of n, whole units for each thread
    const int64_t all = parts(n, unit), each = parts(all, at::get_num_threads());
    at::parallel_for(0, all, each, [&](int64_t first, int64_t last) { pack(first * unit, std::min(n, last * unit)); });
  };
  for (int64_t left = 0; left < N; left += width)
    for (int64_t from = 0; from < K; from += depth) {
      const int64_t columns = std::min(width, N - left), k = std::min(depth, K - from);
      shared(columns, COLUMNS, [&](int64_t first, int64_t last) {
        for (int64_t j = first; j < last; j += COLUMNS)
          pack_columns(b.from(from, left + j), k, std::min(COLUMNS, columns - j), at_<float>(b_packed) + j * k);
      });
      for (int64_t top = 0; top < M; top += height) {
        const int64_t rows = std::min(height, M - top), packed = direct ? rows / ROWS * ROWS : 0;
        shared(rows - packed, ROWS, [&](int64_t first, int64_t last) {
          pack_rows(a.from(top + packed + first, from), last - first, k, at_<float>(a_packed) + first * k);
        });
        in_turn({a.from(top, from), at_<float>(a_packed), at_<float>(b_packed), at_<float>(c_) + top * ldc + left, ldc, rows, columns, k,
                 packed, add || from > 0});
      }
    }
}

bool has_a_unit_stride(const at::Tensor& t) { return t.stride(0) == 1 || t.stride(1) == 1; }

}  // namespace
#endif

namespace {

// Whether `multiply` is made for it, and worth packing for: a few rows are read once whatever one does.
bool ours(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b) {
#ifdef AVX512
  static const bool able = __builtin_cpu_supports("avx512f");
  auto plain = [](const at::Tensor& t) { return is_cpu(t) && t.scalar_type() == at::kFloat; };
  return able && plain(a) && plain(b) && plain(c) && a.size(0) >= 2 * ROWS && b.size(1) >= COLUMNS && a.size(1) >= TURNED && c.stride(1) == 1;
#else
  return false;
#endif
}

}  // namespace

void gemm_into(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add) {
  TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0), "a [M, K] and b [K, N] do not fit: ", a.sizes(), ", ", b.sizes());
#ifdef AVX512
  auto usable = [](const at::Tensor& t) { return has_a_unit_stride(t) ? t : t.contiguous(); };
  if (ours(c, a, b)) return multiply(c, usable(a), usable(b), add);
#endif
  thin_gemm_into(c, a, b, add);
}

at::Tensor gemm(const at::Tensor& a, const at::Tensor& b) {
  auto c = at::empty({a.size(0), b.size(1)}, a.options());
  gemm_into(c, a, b);
  return c;
}

}  // namespace ftx
