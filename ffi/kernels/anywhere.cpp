// SwiGLU and rope where the loops for CPUs do not go: on GPUs, and in fp16 and fp64. ATen's operators, but nothing is kept
// for the backward that can be had again from the inputs.
#include "kernels.h"
#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

// Keeps gate and up: silu(gate), which ATen's graph would keep too, costs one pass to make again.
struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& gate, const at::Tensor& up) {
    ctx->save_for_backward({gate, up});
    return at::silu(gate).mul_(up);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto dup = at::silu(saved[0]).mul_(grads[0]);
    return {at::silu_backward(at::mul(grads[0], saved[1]), saved[0]), dup};
  }
};

}  // namespace

at::Tensor swiglu_anywhere(const at::Tensor& gate, const at::Tensor& up) { return SwiGlu::apply(gate, up); }

at::Tensor turned_anywhere(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& positions, double sign) {
  auto rows = [&](const at::Tensor& table) { return table.index_select(0, positions).unsqueeze(1).to(x.scalar_type()); };
  auto c = rows(cos), s = rows(sin), y = at::empty_like(x, at::MemoryFormat::Contiguous);
  auto in = x.chunk(2, -1), out = y.chunk(2, -1);  // [N, H, C/2] each
  at::mul_out(out[0], in[0], c).addcmul_(in[1], s, -sign);
  at::mul_out(out[1], in[1], c).addcmul_(in[0], s, sign);
  return y;
}

}  // namespace ftx
