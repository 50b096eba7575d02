// SwiGLU: https://arxiv.org/abs/2002.05202, equation 6 without its products. Saves gate and up, not silu(gate).
#include "kernels.h"
#include "simd.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

template <class T>
CLONES void forward_run(const T* gate, const T* up, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    float g = load(gate[i]);
    store(y + i, g * sigmoid(g) * load(up[i]));
  }
}

template <class T>
CLONES void backward_run(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    float d = load(dy[i]), g = load(gate[i]), s = sigmoid(g);
    store(dup + i, d * g * s);
    store(dgate + i, d * load(up[i]) * s * (1 + g * (1 - s)));
  }
}

constexpr int64_t GRAIN = 8192;  // elements a thread takes at least

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& gate_, const at::Tensor& up_) {
    auto gate = gate_.contiguous(), up = up_.contiguous(), y = at::empty_like(gate);
    by_type(gate, [&](auto* t) {
      using T = std::remove_pointer_t<decltype(t)>;
      at::parallel_for(0, gate.numel(), GRAIN, [&](int64_t a, int64_t b) {
        forward_run(at_<T>(gate) + a, at_<T>(up) + a, at_<T>(y) + a, b - a);
      });
    });
    ctx->save_for_backward({gate, up});
    return y;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto gate = saved[0], up = saved[1], dy = grads[0].contiguous();
    auto dgate = at::empty_like(gate), dup = at::empty_like(up);
    by_type(gate, [&](auto* t) {
      using T = std::remove_pointer_t<decltype(t)>;
      at::parallel_for(0, gate.numel(), GRAIN, [&](int64_t a, int64_t b) {
        backward_run(at_<T>(dy) + a, at_<T>(gate) + a, at_<T>(up) + a, at_<T>(dgate) + a, at_<T>(dup) + a, b - a);
      });
    });
    return {dgate, dup};
  }
};

}  // namespace

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) {
  if (gate.scalar_type() != up.scalar_type() || gate.sizes() != up.sizes()) return at::silu(gate).mul(up);
  return fast(gate) && fast(up) ? SwiGlu::apply(gate, up) : swiglu_anywhere(gate, up);
}

}  // namespace ftx
