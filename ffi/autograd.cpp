// Gradients: who wants them, and the two ways to ask for them.
#include "shim.h"
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

EXPORT int32_t ftx_requires_grad(H h, bool on) {
  return guard([&]() -> int32_t {
    get(h).set_requires_grad(on);
    return 1;
  });
}

EXPORT int32_t ftx_wants_grad(H h) {
  return guard([&]() -> int32_t { return get(h).requires_grad() ? 2 : 1; });
}

/** Adds d(h)/d(leaf) · gradient to every leaf's .grad; a gradient of 0 means 1. */
EXPORT int32_t ftx_backward(H h, H gradient) {
  return guard([&]() -> int32_t {
    const ftx::dry::Backward running;
    get(h).backward(gradient ? get(gradient) : at::Tensor());
    return 1;
  });
}

/** Gradients of outputs · gradOutputs with respect to inputs, into `out`; 0 where an input was not used. */
EXPORT int32_t ftx_gradients(const H* outputs, int32_t n, const H* inputs, int32_t m, const H* grads, int32_t k, H* out,
                              int32_t cap) {
  return guard([&]() -> int32_t {
    const ftx::dry::Backward running;
    auto made = torch::autograd::grad(list(outputs, n).v, list(inputs, m).v, list(grads, k).v, std::nullopt, false, true);
    return put_all(made, out, cap);
  });
}

/** The gradient a leaf has gathered, or 0. */
EXPORT H ftx_grad(H h) {
  return guard([&]() -> H { return put(get(h).grad()); });
}

/** Gives a leaf this gradient; 0 takes it away. */
EXPORT int32_t ftx_set_grad(H h, H gradient) {
  return guard([&]() -> int32_t {
    get(h).mutable_grad() = gradient ? get(gradient) : at::Tensor();
    return 1;
  });
}

/** Switches recording for this thread; returns what it was. */
EXPORT bool ftx_grad_mode(bool on) {
  bool was = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(on);
  return was;
}
