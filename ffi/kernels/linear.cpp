// A linear layer as one node of the graph, so that its three products are ours where ours are faster.
#include "kernels.h"
#include "gemm.h"
#include "simd.h"
#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

// x [N, I], weight [O, I], bias [O].
struct Linear : torch::autograd::Function<Linear> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    // Each is for the other's gradient: a frozen layer keeps no activations.
    ctx->save_for_backward({weight.requires_grad() ? x : at::Tensor(), x.requires_grad() ? weight : at::Tensor()});
    ctx->saved_data["bias"] = bias.has_value();
    auto y = gemm(x, weight.t());
    return bias ? y.add_(*bias) : y;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &dy = grads[0];
    const bool bias = ctx->saved_data["bias"].toBool();
    return {ctx->needs_input_grad(0) ? gemm(dy, weight) : at::Tensor(), ctx->needs_input_grad(1) ? gemm(dy.t(), x) : at::Tensor(),
            bias && ctx->needs_input_grad(2) ? dy.sum(0) : at::Tensor()};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const bool type = (is_cpu(x) && x.scalar_type() == at::kFloat) || lacks_products(x);
  const bool plain = type && x.scalar_type() == weight.scalar_type() && x.dim() > 0 && x.size(-1) == weight.size(-1);
  if (!plain) return at::linear(x, weight, bias);
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return Linear::apply(x.reshape({-1, x.size(-1)}), weight, bias).view(shape);
}

}  // namespace ftx
