#include "product.h"
#include "simd.h"
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

}  // namespace ftx
