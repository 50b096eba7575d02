#include "product.h"
#include "simd.h"
#include <ATen/Parallel.h>
#include <algorithm>
#include <exception>

namespace ftx {

bool has_product() {
  static const bool works = [] {
    constexpr int64_t n = 16;
    float ones[n * n], c[n * n] = {};
    std::fill_n(ones, n * n, 1.0f);
    try {
      product(n, n, n, ones, n, ones, n, c, n, false);
      end_products();
      return c[0] == (float)n;
    } catch (const std::exception&) {
      return false;
    }
  }();
  return works;
}

void long_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c) {
  constexpr int64_t ROWS = 256, COLUMNS = 256, DEPTH = 256;  // a block of each matrix: 256 KiB
  const int64_t M = a.size(0), K = a.size(1), N = b.size(1);
  const int64_t share = (M + at::get_num_threads() - 1) / at::get_num_threads();
  at::parallel_for(0, M, share, [&](int64_t first, int64_t last) {
    for (int64_t k = 0; k < K; k += DEPTH)
      for (int64_t i = first; i < last; i += ROWS)
        for (int64_t j = 0; j < N; j += COLUMNS)
          product(std::min(ROWS, last - i), std::min(COLUMNS, N - j), std::min(DEPTH, K - k), at_<float>(a) + i * K + k, K,
                  at_<float>(b) + k * N + j, N, at_<float>(c) + i * N + j, N, k > 0);
    end_products();
  });
}

}  // namespace ftx
