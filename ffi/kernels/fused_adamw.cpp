// AdamW on GPUs: libtorch's fused kernel over all parameters at once. What the step is divided by and whether it is left out
// are numbers on the device, so that nobody waits for them.
#include "kernels.h"
#include <ATen/Functions.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_fused_adamw.h>
#include <c10/core/GradMode.h>
#include <vector>

namespace ftx {
namespace {

constexpr int64_t ROOM = int64_t(256) << 20;  // bytes of widened gradients that exist at once

struct Part {
  std::vector<at::Tensor> masters, grads, means, squares;
  std::vector<at::Tensor> narrow, wide;  // parameters that are copies of masters, and those masters
  int64_t widened = 0;
};

}  // namespace

void fused_adamw_(at::TensorList params, at::TensorList masters, at::TensorList grads, at::TensorList exp_avgs,
                  at::TensorList exp_avg_sqs, const at::Tensor& divisor, const at::Tensor& skip, double lr, double beta1,
                  double beta2, double eps, double weight_decay, int64_t step) {
  c10::NoGradGuard no_grad;
  Part part;
  auto flush = [&] {
    if (part.masters.empty()) return;
    auto time = at::full({}, (double)step, part.masters[0].options().dtype(at::kFloat));
    const std::vector<at::Tensor> steps(part.masters.size(), time);  // read only, so one serves all
    at::_fused_adamw_(part.masters, part.grads, part.means, part.squares, {}, steps, lr, beta1, beta2, weight_decay, eps, false, false,
                      divisor, skip);
    if (!part.wide.empty()) at::_foreach_copy_(part.narrow, part.wide);
    part = {};
  };
  for (auto type : {at::kFloat, at::kBFloat16, at::kHalf, at::kDouble}) {  // the kernel takes one type at a time
    for (size_t i = 0; i < params.size(); i++) {
      const auto &p = params[i], &master = masters[i];
      if (master.scalar_type() != type) continue;
      auto g = grads[i].to(type).contiguous();  // the kernel wants the parameters' strides
      if (!g.is_same(grads[i])) part.widened += g.nbytes();
      part.masters.push_back(master), part.grads.push_back(g), part.means.push_back(exp_avgs[i]), part.squares.push_back(exp_avg_sqs[i]);
      if (!p.is_same(master)) part.narrow.push_back(p), part.wide.push_back(master);
      if (part.widened > ROOM) flush();
    }
    flush();
  }
}

}  // namespace ftx
