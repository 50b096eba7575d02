// A frozen linear layer and its LoRA branch (https://arxiv.org/abs/2106.09685, equation 3) as one node of the graph: the
// products write into one another's results, so the branch adds no pass over [N, O] or [N, I], and only x and x Aᵀ are kept.
#include "kernels.h"
#include "gemm.h"
#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

struct LoraLinear : torch::autograd::Function<LoraLinear> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const at::Tensor& dropped, const at::Tensor& a, const at::Tensor& b,
                            double scale) {
    auto type = x.scalar_type();
    auto rows = x.reshape({-1, x.size(-1)}), seen = dropped.is_same(x) ? rows : dropped.reshape({-1, x.size(-1)});
    auto low = thin_gemm(seen, a.to(type).t());                                  // [N, R]
    auto y = gemm(rows, weight.t());                                               // [N, O]
    if (bias) y.add_(*bias);
    thin_gemm_into(y, low, b.to(type).t(), true, scale);
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["same"] = dropped.is_same(x);
    ctx->saved_data["bias"] = bias.has_value();
    ctx->save_for_backward({weight, seen, low, a, b});
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return y.view(shape);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto weight = saved[0], seen = saved[1], low = saved[2], a = saved[3], b = saved[4];
    auto type = seen.scalar_type();
    double scale = ctx->saved_data["scale"].toDouble();
    bool same = ctx->saved_data["same"].toBool();
    auto shape = grads[0].sizes().vec();
    shape.back() = seen.size(-1);
    auto dy = grads[0].reshape({-1, weight.size(0)});
    auto dlow = thin_gemm(dy, b.to(type)).mul_(scale);                           // [N, R]
    // needs_input_grad counts tensors only: x, weight, the bias where there is one, dropped, a, b.
    size_t after = ctx->saved_data["bias"].toBool() ? 3 : 2;
    auto da = ctx->needs_input_grad(after + 1) ? thin_gemm(dlow.t(), seen).to(a.scalar_type()) : at::Tensor();
    auto db = ctx->needs_input_grad(after + 2) ? thin_gemm(dy.t(), low).mul_(scale).to(b.scalar_type()) : at::Tensor();
    at::Tensor dx, ddropped;
    if (ctx->needs_input_grad(0)) {
      dx = gemm(dy, weight);
      if (same) thin_gemm_into(dx, dlow, a.to(type), true);
      dx = dx.view(shape);
    }
    if (!same && ctx->needs_input_grad(after)) ddropped = thin_gemm(dlow, a.to(type)).view(shape);
    return {dx, at::Tensor(), at::Tensor(), ddropped, da, db, at::Tensor()};
  }
};

}  // namespace

at::Tensor lora_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       const at::Tensor& dropped, const at::Tensor& a, const at::Tensor& b, double scale) {
  TORCH_CHECK(!weight.requires_grad() && !(bias && bias->requires_grad()), "weight and bias of a layer with LoRA cannot train");
  TORCH_CHECK(x.sizes() == dropped.sizes(), "dropped must have the shape of the input");
  return LoraLinear::apply(x, weight, bias, dropped, a, b, scale);
}

}  // namespace ftx
