// Causal attention inside documents, in tiles that never leave the cache (FlashAttention-2: https://arxiv.org/abs/2307.08691).
// libtorch's own kernel for CPUs sends its products to MKL, which has no fast path on many of them; here they are tiles of
// 64 x 64 for libtorch's small fp32 product (260 GFLOP/s a core where MKL makes 97), so bf16 inputs lose nothing either.
#pragma GCC optimize("fp-contract=fast")  // fused multiply-add: exponentials are a quarter of the time here
#include "kernels.h"
#include "product.h"
#include "simd.h"
#include "transpose.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <cmath>
#include <vector>

namespace ftx {
namespace {

constexpr int64_t B = 64;  // rows and columns of a tile

// T tokens of a document in n tiles, H heads, K key/value heads, C channels.
struct Shape {
  int64_t H, K, C, window;
  float scale;
  int64_t first(int64_t row) const { return window > 0 && row >= window ? row - window + 1 : 0; }  // first key a row sees
};

// The same, contiguous, for M rows: those of a tile as a rule.
void product(const float* a, const float* b, float* c, int64_t N, int64_t K, bool add, int64_t M = B) {
  ftx::product(M, N, K, a, K, b, N, c, N, add);
}

// Rows [from, from + B) of one head, from x [T, heads, C], as fp32 [B, C]; rows beyond T are zero.
template <class T>
CLONES void take(const T* x, int64_t stride, int64_t from, int64_t count, int64_t C, float factor, float* out) {
  for (int64_t i = 0; i < B; i++, out += C) {
    const T* row = x + (from + i) * stride;
    bool there = from + i < count;
#pragma omp simd
    for (int64_t c = 0; c < C; c++) out[c] = there ? load(row[c]) * factor : 0.0f;
  }
}

CLONES void turned(const float* x, float* out, int64_t rows, int64_t columns) { transpose(x, out, rows, columns); }

template <class T>
CLONES void give(const float* x, T* out, int64_t stride, int64_t from, int64_t count, int64_t C, const float* factors) {
  for (int64_t i = 0; i < B && from + i < count; i++, x += C) {
    T* row = out + (from + i) * stride;
    float f = factors ? factors[i] : 1.0f;
#pragma omp simd
    for (int64_t c = 0; c < C; c++) store(row + c, x[c] * f);
  }
}

// Of a row of B scores only from..to (inclusive) stay; most rows lie inside.
INLINE void hide(float* x, int64_t from, int64_t to) {
  for (int64_t j = 0; j < std::min(from, B); j++) x[j] = -INFINITY;
  for (int64_t j = std::max<int64_t>(to + 1, 0); j < B; j++) x[j] = -INFINITY;
}

// Softmax of a row of scores that lies in tiles [n][B][B]: columns from..to (inclusive) of the tiles' range are seen.
CLONES void softmax_row(float* s, int64_t n, int64_t from, int64_t to, float* inverse, float* lse) {
  float most = -INFINITY, sum = 0;
  for (int64_t t = 0; t < n; t++) {
    float* x = s + t * B * B;
    hide(x, from - t * B, to - t * B);
#pragma omp simd reduction(max : most)
    for (int64_t j = 0; j < B; j++) most = x[j] > most || x[j] != x[j] ? x[j] : most;
  }
  for (int64_t t = 0; t < n; t++) {
    float* x = s + t * B * B;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < B; j++) sum += x[j] = exp_below(x[j] - most);
  }
  *inverse = 1 / sum;
  *lse = most + __builtin_logf(sum);
}

// Turns a tile of unscaled Sᵀ into Pᵀ, and dPᵀ into dSᵀ: rows are keys, columns queries. P = exp(scale S - lse),
// dS = scale P (dP - D). Of key j the queries first[j]..last[j] see it.
CLONES void backward_tile(float* s, float* dp, const float* lse, const float* D, int64_t key0, int64_t query0, int64_t queries,
                          int64_t window, float scale) {
  for (int64_t j = 0; j < B; j++, s += B, dp += B) {
    const int64_t key = key0 + j, end = window > 0 ? std::min(queries, key + window) : queries;
#pragma omp simd
    for (int64_t i = 0; i < B; i++) s[i] = s[i] * scale - lse[i];
    hide(s, key - query0, end - 1 - query0);
#pragma omp simd
    for (int64_t i = 0; i < B; i++) {
      float p = exp_below(s[i]);
      s[i] = p;
      dp[i] = p * (dp[i] - D[i]) * scale;
    }
  }
}

template <class T>
CLONES void row_dots(const T* a, const T* b, int64_t stride, int64_t from, int64_t count, int64_t C, float* out) {
  for (int64_t i = 0; i < B; i++) {
    float sum = 0;
    if (from + i < count) {
      const T *x = a + (from + i) * stride, *y = b + (from + i) * stride;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < C; c++) sum += load(x[c]) * load(y[c]);
    }
    out[i] = sum;
  }
}

// One head of one document: y [T, C] and the logarithms of the softmax sums [n · B].
template <class E>
void forward_head(const E* q, const E* k, const E* v, E* y, float* lse, int64_t T, const Shape& shape) {
  const int64_t C = shape.C, n = (T + B - 1) / B, qs = shape.H * C, ks = shape.K * C;
  thread_local std::vector<float> keys, values, s, rows, o;
  keys.resize(n * B * C), values.resize(n * B * C), s.resize(n * B * B), rows.resize(B * C), o.resize(B * C);
  for (int64_t t = 0; t < n; t++) {
    take(k, ks, t * B, T, C, 1, rows.data());
    turned(rows.data(), keys.data() + t * B * C, B, C);
    take(v, ks, t * B, T, C, 1, values.data() + t * B * C);
  }
  float inverse[B];
  for (int64_t i = 0; i < n; i++) {
    const int64_t from = shape.first(i * B) / B, count = i - from + 1;  // tiles of keys that any of these rows sees
    take(q, qs, i * B, T, C, shape.scale, rows.data());
    for (int64_t t = 0; t < count; t++) product(rows.data(), keys.data() + (from + t) * B * C, s.data() + t * B * B, B, C, false);
    for (int64_t r = 0; r < B; r++) {
      const int64_t row = i * B + r;
      softmax_row(s.data() + r * B, count, shape.first(row) - from * B, row - from * B, inverse + r, lse + row);
    }
    for (int64_t t = 0; t < count; t++) product(s.data() + t * B * B, values.data() + (from + t) * B * C, o.data(), C, B, t > 0);
    give(o.data(), y, qs, i * B, T, C, inverse);
  }
}

// Gradients of the G = H / K heads that share one key/value head of one document.
template <class E>
void backward_group(const E* q, const E* k, const E* v, const E* y, const E* dy, const float* lse, E* dq, E* dk, E* dv, int64_t T,
                    const Shape& shape) {
  const int64_t C = shape.C, n = (T + B - 1) / B, G = shape.H / shape.K, qs = shape.H * C, ks = shape.K * C, size = n * B * C;
  thread_local std::vector<float> K, Kt, V, Q, Qt, dY, dYt, dQ, dQt, dK, dV, D, s, dp;
  for (auto* m : {&K, &Kt, &V, &Q, &Qt, &dY, &dYt, &dQt, &dK, &dV}) m->resize(size);
  D.resize(n * B), s.resize(B * B), dp.resize(B * B), dQ.resize(B * C);
  std::fill(dK.begin(), dK.end(), 0.0f), std::fill(dV.begin(), dV.end(), 0.0f);
  for (int64_t t = 0; t < n; t++) {
    const int64_t at = t * B * C;
    take(k, ks, t * B, T, C, 1, &K[at]), turned(&K[at], &Kt[at], B, C);
    take(v, ks, t * B, T, C, 1, &V[at]);
  }
  for (int64_t g = 0; g < G; g++) {
    const E *qg = q + g * C, *yg = y + g * C, *dyg = dy + g * C;
    for (int64_t t = 0; t < n; t++) {
      const int64_t at = t * B * C;
      take(qg, qs, t * B, T, C, 1, &Q[at]), turned(&Q[at], &Qt[at], B, C);
      take(dyg, qs, t * B, T, C, 1, &dY[at]), turned(&dY[at], &dYt[at], B, C);
      row_dots(yg, dyg, qs, t * B, T, C, &D[t * B]);
    }
    std::fill(dQt.begin(), dQt.end(), 0.0f);
    const float* l = lse + g * n * B;
    for (int64_t j = 0; j < n; j++) {
      // the last query that sees a key of this tile
      const int64_t last = shape.window > 0 ? std::min(n - 1, (j * B + B - 1 + shape.window - 1) / B) : n - 1;
      for (int64_t i = j; i <= last; i++) {
        product(&K[j * B * C], &Qt[i * B * C], s.data(), B, C, false);
        product(&V[j * B * C], &dYt[i * B * C], dp.data(), B, C, false);
        backward_tile(s.data(), dp.data(), l + i * B, &D[i * B], j * B, i * B, T, shape.window, shape.scale);
        product(s.data(), &dY[i * B * C], &dV[j * B * C], C, B, true);
        product(dp.data(), &Q[i * B * C], &dK[j * B * C], C, B, true);
        product(&Kt[j * B * C], dp.data(), &dQt[i * B * C], B, B, true, C);
      }
    }
    for (int64_t t = 0; t < n; t++) {
      turned(&dQt[t * B * C], dQ.data(), C, B);
      give(dQ.data(), dq + g * C, qs, t * B, T, C, nullptr);
    }
  }
  for (int64_t t = 0; t < n; t++) {
    give(&dK[t * B * C], dk, ks, t * B, T, C, nullptr);
    give(&dV[t * B * C], dv, ks, t * B, T, C, nullptr);
  }
}

struct Documents {
  std::vector<int64_t> starts, rows;  // first token; first of its rows of lse, which are whole tiles
  int64_t padded = 0;
  explicit Documents(at::IntArrayRef lengths) {
    int64_t at = 0;
    for (int64_t T : lengths) starts.push_back(at), rows.push_back(padded), at += T, padded += (T + B - 1) / B * B;
  }
};

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& q_, const at::Tensor& k_, const at::Tensor& v_,
                            at::IntArrayRef lengths, int64_t window, double scale) {
    auto q = q_.contiguous(), k = k_.contiguous(), v = v_.contiguous();
    const int64_t N = q.size(0), H = q.size(1), C = q.size(2);
    const Shape shape{H, k.size(1), C, window, (float)scale};
    const Documents documents(lengths);
    auto y = at::empty({N, H * C}, q.options()), lse = at::empty({H, documents.padded}, q.options().dtype(at::kFloat));
    by_type(q, [&](auto* e) {
      using E = std::remove_pointer_t<decltype(e)>;
      at::parallel_for(0, lengths.size() * H, 1, [&](int64_t a, int64_t b) {
        for (int64_t item = a; item < b; item++) {
          const int64_t d = item / H, h = item % H, g = h / (H / shape.K), at = documents.starts[d];
          forward_head(at_<E>(q) + (at * H + h) * C, at_<E>(k) + (at * shape.K + g) * C, at_<E>(v) + (at * shape.K + g) * C,
                       at_<E>(y) + (at * H + h) * C, at_<float>(lse) + documents.rows[d] * H + h * tiles(lengths[d]), lengths[d], shape);
        }
        end_products();
      });
    });
    ctx->save_for_backward({q, k, v, y, lse});
    ctx->saved_data["lengths"] = lengths.vec();
    ctx->saved_data["window"] = window;
    ctx->saved_data["scale"] = scale;
    return y;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto q = saved[0], k = saved[1], v = saved[2], y = saved[3], lse = saved[4], dy = grads[0].contiguous();
    auto lengths = ctx->saved_data["lengths"].toIntVector();
    const int64_t H = q.size(1), K = k.size(1), C = q.size(2), G = H / K;
    const Shape shape{H, K, C, ctx->saved_data["window"].toInt(), (float)ctx->saved_data["scale"].toDouble()};
    const Documents documents(lengths);
    auto dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
    by_type(q, [&](auto* e) {
      using E = std::remove_pointer_t<decltype(e)>;
      at::parallel_for(0, lengths.size() * K, 1, [&](int64_t a, int64_t b) {
        for (int64_t item = a; item < b; item++) {
          const int64_t d = item / K, g = item % K, at = documents.starts[d], qo = (at * H + g * G) * C, ko = (at * K + g) * C;
          backward_group(at_<E>(q) + qo, at_<E>(k) + ko, at_<E>(v) + ko, at_<E>(y) + qo, at_<E>(dy) + qo,
                         at_<float>(lse) + documents.rows[d] * H + g * G * tiles(lengths[d]), at_<E>(dq) + qo, at_<E>(dk) + ko,
                         at_<E>(dv) + ko, lengths[d], shape);
        }
        end_products();
      });
    });
    at::Tensor none;
    return {dq, dk, dv, none, none, none};
  }
  static int64_t tiles(int64_t T) { return (T + B - 1) / B * B; }
};

}  // namespace

bool has_attention(const at::Tensor& q) { return fast(q) && has_product(); }

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::IntArrayRef lengths, int64_t window,
                     double scale) {
  TORCH_CHECK(q.dim() == 3 && k.dim() == 3 && q.size(1) % k.size(1) == 0 && k.sizes() == v.sizes() && q.size(2) == k.size(2),
              "attention: q must be [N, H, C], k and v [N, K, C] with H a multiple of K");
  int64_t sum = 0;
  for (int64_t T : lengths) sum += T;
  TORCH_CHECK(sum == q.size(0) && k.size(0) == sum, "attention: the lengths must sum to the number of tokens");
  TORCH_CHECK(has_attention(q), "attention: no kernel for this device or type");
  return Attention::apply(q, k, v, lengths, window, scale);
}

}  // namespace ftx

#include "../shim.h"
EXPORT int32_t ftx_has_attention(H q) {
  return guard([&]() -> int32_t { return ftx::has_attention(get(q)) ? 2 : 1; });
}
