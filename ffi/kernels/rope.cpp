// Rotary position embedding: https://arxiv.org/abs/2104.09864, channels paired as (c, c + C/2), as HF's rotate_half does.
#include "kernels.h"
#include "simd.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

// sign -1 turns back: the gradient of a rotation is the opposite rotation.
template <class T>
CLONES void turn_rows(const T* x, T* y, const float* cos, const float* sin, const int32_t* positions, int64_t rows, int64_t H,
                      int64_t half, float sign) {
  for (int64_t i = 0; i < rows; i++) {
    const float *c = cos + positions[i] * half, *s = sin + positions[i] * half;
    for (int64_t h = 0; h < H; h++, x += 2 * half, y += 2 * half)
#pragma omp simd
      for (int64_t k = 0; k < half; k++) {
        float a = load(x[k]), b = load(x[k + half]), sk = sign * s[k];
        store(y + k, a * c[k] - b * sk);
        store(y + k + half, b * c[k] + a * sk);
      }
  }
}

at::Tensor turn(const at::Tensor& x_, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& positions, float sign) {
  if (!fast(x_)) return turned_anywhere(x_, cos, sin, positions, sign);
  auto x = x_.contiguous(), y = at::empty_like(x);
  int64_t N = x.size(0), H = x.size(1), C = x.size(2);
  by_type(x, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    at::parallel_for(0, N, std::max<int64_t>(1, 16384 / (H * C)), [&](int64_t a, int64_t b) {
      turn_rows(at_<T>(x) + a * H * C, at_<T>(y) + a * H * C, at_<float>(cos), at_<float>(sin), at_<int32_t>(positions) + a, b - a,
                H, C / 2, sign);
    });
  });
  return y;
}

struct Rope : torch::autograd::Function<Rope> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin,
                            const at::Tensor& positions) {
    ctx->save_for_backward({cos, sin, positions});
    return turn(x, cos, sin, positions, 1);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    return {turn(grads[0], saved[0], saved[1], saved[2], -1), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& positions) {
  TORCH_CHECK(x.dim() == 3 && cos.dim() == 2 && x.size(2) == 2 * cos.size(1), "x must be [N, H, C] with C twice the width of cos");
  TORCH_CHECK(cos.sizes() == sin.sizes() && cos.scalar_type() == at::kFloat && sin.scalar_type() == at::kFloat,
              "cos and sin must be fp32 and of one shape");
  TORCH_CHECK(positions.dim() == 1 && positions.scalar_type() == at::kInt && positions.size(0) == x.size(0),
              "positions must be int32 [N]");
  auto place = positions.contiguous();
  if (fast(x) && !x.is_meta())
    for (int64_t i = 0; i < place.numel(); i++)
      TORCH_CHECK(at_<int32_t>(place)[i] >= 0 && at_<int32_t>(place)[i] < cos.size(0), "position ", at_<int32_t>(place)[i],
                  " is outside the tables, which have ", cos.size(0));
  return Rope::apply(x, cos.contiguous(), sin.contiguous(), place);
}

}  // namespace ftx
