#include "head.h"
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace ftx {

void check_head(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && targets.dim() == 1 && targets.size(0) == x.size(0),
              "x must be [N, D], weight [V, D], targets [N]");
  TORCH_CHECK(x.size(0) > 0, "there is no row");
  if (!x.is_cpu()) return;  // a GPU would have to wait for the answer
  auto outside = at::logical_or(targets.lt(0).logical_and_(targets.ne(IGNORED)), targets.ge(weight.size(0)));
  TORCH_CHECK(!outside.any().item<bool>(), "a target is outside the vocabulary of ", weight.size(0));
}

int64_t head_chunk(int64_t asked, const at::Tensor& x, bool dw) {
  if (asked > 0) return asked;
  // A frozen head takes small chunks, for memory: 512 rows would be 3 % faster in fp32, as the weight is packed once a chunk.
  // One that trains sums its gradient once a chunk.
  return dw ? 1024 : is_cpu(x) ? 256 : 2048;
}

HeadGradients::HeadGradients(const at::Tensor& x, const at::Tensor& weight, bool dx, bool dw)
    : x_(x), weight_(weight), dw_wanted_(dw), dx_(dx ? at::empty_like(x) : at::Tensor()) {}

void HeadGradients::add(int64_t from, int64_t to, const at::Tensor& dz) {
  auto part = x_.slice(0, from, to);
  if (dx_.defined()) gemm_into(dx_.slice(0, from, to), dz, weight_);
  if (!dw_wanted_) return;
  // Several chunks are summed in fp32: a sum of bf16 parts would lose what one product keeps.
  if (to - from == x_.size(0)) dw_ = gemm(dz.t(), part);
  else if (!dw_.defined()) dw_ = gemm(dz.t(), part).to(dz.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
  else if (dz.scalar_type() == dw_.scalar_type()) gemm_into(dw_, dz.t(), part, true);
  else dw_.add_(gemm(dz.t(), part));
}

}  // namespace ftx
