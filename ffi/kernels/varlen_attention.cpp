// Causal attention of documents that lie end to end, in one call whatever their lengths. libtorch's kernels for GPUs take the
// documents' starts, but only Python reaches them with gradients; here they are one node of the graph. On CPUs the same
// node computes by the formulas: slow, and what the kernels are tested against.
#include "../dry.h"
#include "kernels.h"
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

// N tokens, B documents, T tokens of one, H heads, K key/value heads, G = H / K, C channels.
struct Run {
  int64_t longest, window;
  double scale, dropout;
  bool flash;
  int64_t left() const { return window > 0 ? window - 1 : -1; }  // keys before a query that it sees; -1: all
};
constexpr int64_t CAUSAL = 1;  // of `_efficient_attention_forward`: from the top left of each document

using Made = std::vector<at::Tensor>;  // y [N, H, C], the logarithms of the softmax sums, and what the backward needs besides

// k or v [N, K, C] with a copy for each of the heads that share it: [N, H, C].
at::Tensor spread(const at::Tensor& x, int64_t H) {
  return x.size(1) == H ? x : x.repeat_interleave(H / x.size(1), 1);
}
// The other way: gradients [N, H, C] of the copies, summed.
at::Tensor gathered(const at::Tensor& x, int64_t K) {
  return x.size(1) == K ? x : x.view({x.size(0), K, -1, x.size(2)}).sum(2);
}

Made flash_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, const Run& run) {
  auto [y, lse, state, unused, mask] = at::_flash_attention_forward(q, k, v, starts, starts, run.longest, run.longest, run.dropout,
                                                                    true, false, run.scale, run.left(), 0);
  return {y, lse, state, unused};
}
Made flash_backward(const at::Tensor& dy, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts,
                    const Made& made, const Run& run) {
  auto [dq, dk, dv] = at::_flash_attention_backward(dy, q, k, v, made[0], made[1], starts, starts, run.longest, run.longest,
                                                    run.dropout, true, made[2], made[3], run.scale, run.left(), 0);
  return {dq, dk, dv};
}

Made efficient_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, const Run& run) {
  const int64_t H = q.size(1);
  auto [y, lse, seed, offset, most_q, most_k] =
      at::_efficient_attention_forward(q.unsqueeze(0), spread(k, H).unsqueeze(0), spread(v, H).unsqueeze(0), std::nullopt, starts,
                                       starts, run.longest, run.longest, run.dropout, CAUSAL, true, run.scale);
  return {y.squeeze(0), lse, seed, offset};
}
Made efficient_backward(const at::Tensor& dy, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts,
                        const Made& made, const Run& run) {
  const int64_t H = q.size(1), K = k.size(1);
  auto [dq, dk, dv, dbias] = at::_efficient_attention_backward(
      dy.unsqueeze(0), q.unsqueeze(0), spread(k, H).unsqueeze(0), spread(v, H).unsqueeze(0), std::nullopt, made[0].unsqueeze(0), starts,
      starts, run.longest, run.longest, made[1], run.dropout, made[2], made[3], CAUSAL, false, run.scale);
  return {dq.squeeze(0), gathered(dk.squeeze(0), K), gathered(dv.squeeze(0), K)};
}

// One document of x [N, heads, C] as [H, T, C], in fp32 at least.
at::Tensor document(const at::Tensor& x, int64_t from, int64_t to, int64_t H) {
  auto wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  return spread(wide.slice(0, from, to), H).transpose(0, 1);
}
// Scores [H, T, T] of a document; -infinity where a query does not see a key.
at::Tensor scores(const at::Tensor& q, const at::Tensor& k, const Run& run) {
  auto seen = at::ones({q.size(1), q.size(1)}, q.options().dtype(at::kBool)).tril();
  if (run.window > 0) seen = seen.logical_and(seen.tril(-run.window).logical_not());
  return at::matmul(q, k.transpose(1, 2)).mul_(run.scale).masked_fill_(seen.logical_not(), -INFINITY);
}
template <class F>
void each_document(const at::Tensor& starts, F f) {
  auto at = starts.to(at::kCPU, at::kInt).contiguous();
  const int32_t* s = at.const_data_ptr<int32_t>();
  for (int64_t i = 0; i + 1 < at.numel(); i++) f(s[i], s[i + 1]);
}

Made plain_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, const Run& run) {
  const int64_t H = q.size(1);
  auto y = at::empty_like(q), lse = at::empty({H, q.size(0)}, q.options().dtype(q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
  each_document(starts, [&](int64_t from, int64_t to) {
    auto s = scores(document(q, from, to, H), document(k, from, to, H), run), sum = s.logsumexp(-1);
    y.slice(0, from, to).copy_(at::matmul((s - sum.unsqueeze(-1)).exp_(), document(v, from, to, H)).transpose(0, 1));
    lse.slice(1, from, to).copy_(sum);
  });
  return {y, lse};
}
// dV = Pᵀ dY, dS = scale · P (dY Vᵀ - rowsum(dY Y)), dQ = dS K, dK = dSᵀ Q
Made plain_backward(const at::Tensor& dy, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts,
                    const Made& made, const Run& run) {
  const int64_t H = q.size(1), K = k.size(1);
  auto dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
  each_document(starts, [&](int64_t from, int64_t to) {
    auto qd = document(q, from, to, H), kd = document(k, from, to, H), g = document(dy, from, to, H);
    auto p = (scores(qd, kd, run) - made[1].slice(1, from, to).unsqueeze(-1)).exp_();
    auto dot = (g * document(made[0], from, to, H)).sum(-1, true);
    auto ds = (at::matmul(g, document(v, from, to, H).transpose(1, 2)) - dot).mul_(p).mul_(run.scale);
    auto put = [&](at::Tensor& out, const at::Tensor& x) {
      out.slice(0, from, to).copy_(gathered(x.transpose(0, 1).contiguous(), out.size(1)));
    };
    put(dq, at::matmul(ds, kd)), put(dk, at::matmul(ds.transpose(1, 2), qd)), put(dv, at::matmul(p.transpose(1, 2), g));
  });
  return {dq, dk, dv};
}

struct VarlenAttention : torch::autograd::Function<VarlenAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& q_, const at::Tensor& k_, const at::Tensor& v_,
                            const at::Tensor& starts, int64_t longest, int64_t window, double scale, double dropout, bool flash) {
    auto q = q_.contiguous(), k = k_.contiguous(), v = v_.contiguous();
    const Run run{longest, window, scale, dropout, flash};
    auto made = (is_cpu(q) ? plain_forward : flash ? flash_forward : efficient_forward)(q, k, v, starts, run);
    auto saved = made;
    saved.insert(saved.begin(), {q, k, v, starts});
    ctx->save_for_backward(saved);
    ctx->saved_data["run"] = std::vector<double>{(double)longest, (double)window, scale, dropout, (double)flash};
    return made[0].view({q.size(0), -1});
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto numbers = ctx->saved_data["run"].toDoubleVector();
    const Run run{(int64_t)numbers[0], (int64_t)numbers[1], numbers[2], numbers[3], numbers[4] != 0};
    auto q = saved[0];
    const Made made(saved.begin() + 4, saved.end());
    auto go = is_cpu(q) ? plain_backward : run.flash ? flash_backward : efficient_backward;
    auto out = go(grads[0].contiguous().view(q.sizes()), q, saved[1], saved[2], saved[3], made, run);
    at::Tensor none;
    return {out[0], out[1], out[2], none, none, none, none, none, none};
  }
};

}  // namespace

at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, int64_t longest,
                            int64_t window, double scale, double dropout, bool flash) {
  TORCH_CHECK(q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(1) % k.size(1) == 0 && q.size(2) == k.size(2) &&
                  q.size(0) == k.size(0),
              "q must be [N, H, C], k and v [N, K, C] with H a multiple of K");
  TORCH_CHECK(starts.dim() == 1 && starts.scalar_type() == at::kInt && starts.device() == q.device(),
              "starts must be int32 [documents + 1] beside q");
  TORCH_CHECK(flash || is_cpu(q) || window <= 0, "only the flash kernel has windows");
  TORCH_CHECK(!is_cpu(q) || dropout == 0, "no dropout on CPUs");
  return VarlenAttention::apply(q, k, v, starts, longest, window, scale, dropout, flash);
}

}  // namespace ftx
