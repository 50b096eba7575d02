// The head and the log-probabilities of targets under it. Their gradients are known only later (a loss over log-probabilities
// is TypeScript), so the backward makes each chunk's logits again.
#include "kernels.h"
#include "head.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ftx {
namespace {

// With l = z / temperature - logsumexp(z / temperature) and p = e^l:
//   logp = l[y]            d logp / dz = (1[y] - p) / temperature
//   H    = - sum p l       d H / dz    = - p (l + H) / temperature

struct RowResult {
  float logp, entropy, logsumexp;
};

template <class T>
CLONES RowResult row(const T* z, int64_t V, int64_t y, float scale, bool entropy) {
  const float most = largest(z, V) * scale;
  float sum = 0, mean = 0;
  if (entropy)
#pragma omp simd reduction(+ : sum, mean)
    for (int64_t v = 0; v < V; v++) {
      float d = load(z[v]) * scale - most, p = fast_exp(d);
      sum += p;
      mean += p == 0 ? 0 : p * d;  // 0 for a logit of -infinity
    }
  else
#pragma omp simd reduction(+ : sum)
    for (int64_t v = 0; v < V; v++) sum += fast_exp(load(z[v]) * scale - most);
  const float log_sum = __builtin_logf(sum);
  return {load(z[y]) * scale - most - log_sum, log_sum - mean / sum, most + log_sum};
}

template <class T>
CLONES void row_gradient(T* z, int64_t V, int64_t y, float scale, RowResult of, float g, float h) {
  const float at_target = load(z[y]) * scale - of.logsumexp, p_target = fast_exp(at_target);
  if (h != 0)
#pragma omp simd
    for (int64_t v = 0; v < V; v++) {
      float l = load(z[v]) * scale - of.logsumexp, p = fast_exp(l);
      store(z + v, p == 0 ? 0 : -scale * p * (g + h * (l + of.entropy)));
    }
  else
#pragma omp simd
    for (int64_t v = 0; v < V; v++) store(z + v, -scale * g * fast_exp(load(z[v]) * scale - of.logsumexp));
  const float of_entropy = p_target == 0 ? 0 : h * p_target * (at_target + of.entropy);
  store(z + y, scale * (g * (1 - p_target) - of_entropy));
}

// What the backward needs of each row of a chunk.
struct Rows {
  at::Tensor logsumexp, entropy;
};

template <class F>
void each_row(const at::Tensor& z, F f) {
  by_type(z, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const int64_t V = z.size(1);
    at::parallel_for(0, z.size(0), 1, [&](int64_t a, int64_t b) {
      for (int64_t i = a; i < b; i++) f(at_<T>(z) + i * V, V, i);
    });
  });
}

// Fills logp and rows; an entropy that is not asked for stays as it is.
void on_cpu(const at::Tensor& z, const at::Tensor& y, double temperature, bool entropy, const at::Tensor& into, const Rows& rows) {
  const auto targets = at_<int64_t>(y);
  const auto logp = at_<float>(into), entropies = at_<float>(rows.entropy), logsumexp = at_<float>(rows.logsumexp);
  each_row(z, [&](auto* logits, int64_t V, int64_t i) {
    const RowResult r = targets[i] == IGNORED ? RowResult{0, 0, 0} : row(logits, V, targets[i], 1 / (float)temperature, entropy);
    logp[i] = r.logp, logsumexp[i] = r.logsumexp;
    if (entropy) entropies[i] = r.entropy;
  });
}

// z becomes the gradient of Σ g logp + h H; an undefined h counts as 0.
void gradient_on_cpu(const at::Tensor& z, const at::Tensor& y, double temperature, const Rows& rows, const at::Tensor& g,
                     const at::Tensor& h) {
  const auto targets = at_<int64_t>(y);
  const auto entropies = at_<float>(rows.entropy), logsumexp = at_<float>(rows.logsumexp);
  const auto of_logp = at_<float>(g), of_entropy = h.defined() ? at_<float>(h) : nullptr;
  each_row(z, [&](auto* logits, int64_t V, int64_t i) {
    if (targets[i] == IGNORED) return (void)std::fill(logits, logits + V, 0);
    row_gradient(logits, V, targets[i], 1 / (float)temperature, {0, entropies[i], logsumexp[i]}, of_logp[i], of_entropy ? of_entropy[i] : 0);
  });
}

// The same two for a chunk on any device and of any type, as ATen operators.
void anywhere(const at::Tensor& z, const at::Tensor& y, double temperature, bool entropy, const at::Tensor& logp, const Rows& rows) {
  auto ignored = y == IGNORED, l = z.to(logp.scalar_type()).div_(temperature);
  rows.logsumexp.copy_(l.logsumexp(-1));
  l.sub_(rows.logsumexp.unsqueeze(1));
  logp.copy_(l.gather(1, y.clamp_min(0).unsqueeze(1)).squeeze(1)).masked_fill_(ignored, 0);
  if (!entropy) return;
  auto p = l.exp();
  rows.entropy.copy_(l.mul_(p).masked_fill_(p == 0, 0).sum(-1).neg_()).masked_fill_(ignored, 0);
}

void gradient_anywhere(const at::Tensor& z, const at::Tensor& y, double temperature, const Rows& rows, const at::Tensor& g,
                       const at::Tensor& h) {
  auto l = z.to(rows.logsumexp.scalar_type()).div_(temperature).sub_(rows.logsumexp.unsqueeze(1)), p = l.exp(), pull = g.unsqueeze(1);
  auto dz = h.defined() ? l.add_(rows.entropy.unsqueeze(1)).mul_(h.unsqueeze(1)).add_(pull).mul_(p).masked_fill_(p == 0, 0) : p.mul_(pull);
  dz.neg_().scatter_add_(1, y.clamp_min(0).unsqueeze(1), pull);
  z.copy_(dz.div_(temperature).masked_fill_((y == IGNORED).unsqueeze(1), 0));
}

struct LinearLogProb : torch::autograd::Function<LinearLogProb> {
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x_, const at::Tensor& weight,
                                              const at::Tensor& targets, double temperature, bool entropy, int64_t chunk) {
    const dry::For logits(dry::LOGITS);
    auto x = x_.contiguous(), y = targets.to(at::kLong).contiguous();
    const int64_t N = x.size(0);
    const auto type = x.options().dtype(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    const auto logp = at::zeros({N}, type), entropies = at::zeros({N}, type), logsumexp = at::zeros({N}, type);
    for (int64_t from = 0; from < N; from += chunk) {
      const int64_t to = std::min(N, from + chunk);
      auto part = [&](const at::Tensor& t) { return t.slice(0, from, to); };
      auto z = gemm(part(x), weight.t());
      (fast(z) ? on_cpu : anywhere)(z, part(y), temperature, entropy, part(logp), {part(logsumexp), part(entropies)});
    }
    ctx->save_for_backward({x, weight, y, logsumexp, entropies});
    ctx->saved_data["temperature"] = temperature, ctx->saved_data["chunk"] = chunk;
    ctx->set_materialize_grads(false);
    if (entropy) return {logp, entropies};
    auto none = at::empty({0}, type);
    ctx->mark_non_differentiable({none});
    return {logp, none};
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::tensor_list grads) {
    const dry::For logits(dry::LOGITS);
    auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &y = saved[2], &logsumexp = saved[3], &entropies = saved[4];
    const double temperature = ctx->saved_data["temperature"].toDouble();
    const int64_t N = x.size(0), chunk = ctx->saved_data["chunk"].toInt();
    const auto g = grads[0].defined() ? grads[0].contiguous() : at::zeros_like(logsumexp);
    const auto h = grads[1].defined() ? grads[1].contiguous() : grads[1];
    HeadGradients gradients(x, weight, ctx->needs_input_grad(0), ctx->needs_input_grad(1));
    for (int64_t from = 0; from < N; from += chunk) {
      const int64_t to = std::min(N, from + chunk);
      auto part = [&](const at::Tensor& t) { return t.defined() ? t.slice(0, from, to) : t; };
      auto z = gemm(part(x), weight.t());
      (fast(z) ? gradient_on_cpu : gradient_anywhere)(z, part(y), temperature, {part(logsumexp), part(entropies)}, part(g), part(h));
      gradients.add(from, to, z);
    }
    at::Tensor none;
    return {gradients.dx(), gradients.dw(), none, none, none, none};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> linear_log_prob(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets,
                                                   double temperature, bool entropy, int64_t chunk) {
  check_head(x, weight, targets);
  TORCH_CHECK(temperature > 0 && std::isfinite(temperature), "the temperature must be above 0, not ", temperature);
  const bool dw = c10::GradMode::is_enabled() && weight.requires_grad();
  auto out = LinearLogProb::apply(x, weight, targets, temperature, entropy, head_chunk(chunk, x, dw));
  return {out[0], out[1]};
}

}  // namespace ftx
