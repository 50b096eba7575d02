// The head and its loss together: the gradients of x and of the weight are made in the forward pass, while the logits of a
// chunk exist.
#include "kernels.h"
#include "head.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

struct RowResult {
  float loss;
  float correct;
};

// loss = logsumexp(z) - (1 - e) z[y] - e mean(z); z becomes softmax(z) - (1 - e) onehot(y) - e / V.
template <class T>
CLONES RowResult row(T* z, int64_t V, int64_t y, float e, bool gradient) {
  const float most = largest(z, V), target = load(z[y]);
  float sum = 0, all = 0;
  bool hit = target == most;
  for (int64_t v = 0; hit && v < y; v++) hit = load(z[v]) != most;  // among equals the first is the largest, as in argmax
  if (e > 0)
#pragma omp simd reduction(+ : all)
    for (int64_t v = 0; v < V; v++) all += load(z[v]);
  constexpr bool exact = std::is_same_v<T, float>;  // then z can hold the exponentials; bf16 would round them
#pragma omp simd reduction(+ : sum)
  for (int64_t v = 0; v < V; v++) {
    float p = fast_exp(load(z[v]) - most);
    sum += p;
    if (exact && gradient) store(z + v, p);
  }
  if (gradient) {
    float scale = 1 / sum, floor = e / V;
#pragma omp simd
    for (int64_t v = 0; v < V; v++) store(z + v, (exact ? load(z[v]) : fast_exp(load(z[v]) - most)) * scale - floor);
    store(z + y, fast_exp(target - most) * scale - floor - (1 - e));
  }
  return {most + __builtin_logf(sum) - (1 - e) * target - e * all / V, hit ? 1.0f : 0.0f};
}

// The same for a chunk on any device, as ATen operators; adds to loss, fills correct [rows].
void chunk_anywhere(at::Tensor& z, const at::Tensor& y, double e, bool gradient, at::Tensor& loss, at::Tensor correct) {
  auto logp = at::log_softmax(z, -1, at::kFloat), index = y.clamp_min(0).unsqueeze(1), ignored = y == IGNORED;
  auto nll = logp.gather(1, index).neg_().squeeze(1);
  loss += (e > 0 ? nll * (1 - e) - logp.mean(-1) * e : nll).masked_fill(ignored, 0).sum();
  correct.copy_(z.argmax(-1) == y);
  if (!gradient) return;
  auto p = logp.exp_();
  if (e > 0) p.sub_(e / z.size(1));
  p.scatter_add_(1, index, at::full_like(index, -(1 - e), p.options()));
  z = p.masked_fill_(ignored.unsqueeze(1), 0).to(z.scalar_type());
}

double chunk_on_cpu(at::Tensor& z, const at::Tensor& y, double e, bool gradient, const at::Tensor& correct) {
  int64_t rows = z.size(0), V = z.size(1);
  std::vector<RowResult> results(rows);
  by_type(z, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    at::parallel_for(0, rows, 1, [&](int64_t a, int64_t b) {
      for (int64_t i = a; i < b; i++) {
        T* logits = at_<T>(z) + i * V;
        const int64_t target = at_<int64_t>(y)[i];
        if (target != IGNORED) results[i] = row(logits, V, target, (float)e, gradient);
        else std::fill(logits, logits + V, T(0)), results[i] = {0, 0};
      }
    });
  });
  if (z.is_meta()) return 0;
  double loss = 0;  // in the order of the rows, so that the sum does not depend on the threads
  for (int64_t i = 0; i < rows; i++) loss += results[i].loss, at_<float>(correct)[i] = results[i].correct;
  return loss;
}

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x_, const at::Tensor& weight,
                                              const at::Tensor& targets, double e, int64_t chunk, bool dx_wanted, bool dw_wanted) {
    const dry::For logits(dry::LOGITS);
    auto x = x_.contiguous(), y = targets.to(at::kLong).contiguous();
    int64_t N = x.size(0);
    auto options = x.options().dtype(at::kFloat);
    auto loss = at::zeros({}, options), correct = at::empty({N}, options);
    HeadGradients gradients(x, weight, dx_wanted, dw_wanted);
    double sum = 0;
    for (int64_t from = 0; from < N; from += chunk) {
      int64_t to = std::min(N, from + chunk);
      auto z = gemm(x.slice(0, from, to), weight.t()), want = y.slice(0, from, to), hits = correct.slice(0, from, to);
      if (fast(z)) sum += chunk_on_cpu(z, want, e, gradients.wanted(), hits);
      else chunk_anywhere(z, want, e, gradients.wanted(), loss, hits);
      gradients.add(from, to, z);
    }
    if (fast(x)) loss.fill_(sum);
    ctx->save_for_backward({gradients.dx(), gradients.dw()});
    ctx->mark_non_differentiable({correct});
    return {loss, correct};
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    auto saved = ctx->get_saved_variables();
    auto scaled = [&](at::Tensor t) {  // nearly always by 1; reading that costs nothing on a CPU and a wait on a GPU
      if (!t.defined() || (is_cpu(t) && (t.is_meta() || grads[0].item<float>() == 1.0f))) return t;
      return t * grads[0];  // a factor of no dimensions is not rounded to t's type
    };
    at::Tensor none;
    return {scaled(saved[0]), scaled(saved[1]), none, none, none, none, none};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> linear_cross_entropy(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets,
                                                        double label_smoothing, int64_t chunk) {
  check_head(x, weight, targets);
  bool recording = c10::GradMode::is_enabled();
  bool dx = recording && x.requires_grad(), dw = recording && weight.requires_grad();
  auto out = LinearCrossEntropy::apply(x, weight, targets, label_smoothing, head_chunk(chunk, x, dw), dx, dw);
  return {out[0], out[1]};
}

}  // namespace ftx
