// AdamW and the norm of the gradients, each one pass over its tensors.
#include "kernels.h"
#include "simd.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <c10/core/GradMode.h>
#include <algorithm>
#include <cmath>

namespace ftx {
namespace {

struct Rates {
  // Made in double: 1 - 0.999f is off by 5e-5.
  float new1, beta2, new2, eps, decay, size, root, scale;  // new = 1 - beta; decay = 1 - lr·wd; size = lr / (1 - beta1^t); root = sqrt(1 - beta2^t)
};

constexpr int64_t RUN = 256;  // elements that are looked at together

template <class G, class S>
INLINE bool all_zero(const G* g, const S* m, const S* v, int64_t n) {
  if (load(g[0]) != 0) return false;
  int any = 0;
#pragma omp simd reduction(| : any)
  for (int64_t i = 0; i < n; i++) any |= load(g[i]) != 0 || load(m[i]) != 0 || load(v[i]) != 0;
  return !any;
}

// P the parameter, M its master (float, or P itself), G the gradient, S the moments.
template <class P, class M, class G, class S>
CLONES void step_run(P* p, M* master, const G* g, S* m, S* v, int64_t all, Rates r) {
  for (; all > 0; all -= RUN, p += RUN, master += RUN, g += RUN, m += RUN, v += RUN) {
    const int64_t n = all < RUN ? all : RUN;
    // Tokens that no batch had yet: most rows of an embedding. Their step is 0, so there is nothing to read or write.
    if (r.decay == 1 && all_zero(g, m, v, n)) continue;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
      float d = load(g[i]) * r.scale, x = load(master[i]) * r.decay;
      float mi = load(m[i]) + (d - load(m[i])) * r.new1, vi = load(v[i]) * r.beta2 + d * d * r.new2;
      x -= r.size * mi / (__builtin_sqrtf(vi) / r.root + r.eps);
      store(m + i, mi), store(v + i, vi), store(master + i, x);
      if ((void*)p != (void*)master) store(p + i, x);
    }
  }
}

template <class T>
CLONES double squares(const T* g, int64_t n) {
  // fp32 within a block, double between. A block is short enough for the eight lanes of AVX2: with 4,096 elements, each lane
  // adds 512 numbers, and equal ones lose a millionth.
  constexpr int64_t SHORT = 256;
  double sum = 0;
  for (int64_t from = 0; from < n; from += SHORT) {
    float part = 0;
    int64_t to = from + SHORT < n ? from + SHORT : n;
#pragma omp simd reduction(+ : part)
    for (int64_t i = from; i < to; i++) part += load(g[i]) * load(g[i]);
    sum += part;
  }
  return sum;
}

constexpr int64_t BLOCK = 1 << 16;  // elements of a partial sum: fixed, so that the norm does not depend on the threads

}  // namespace

at::Tensor grad_norm(at::TensorList grads) {
  if (grads.empty()) return at::zeros({});
  if (!std::all_of(grads.begin(), grads.end(), fast)) {
    bool wide = std::any_of(grads.begin(), grads.end(), [](auto& g) { return g.scalar_type() == at::kDouble; });
    return at::linalg_vector_norm(at::stack(at::_foreach_norm(grads, 2, wide ? at::kDouble : at::kFloat)));
  }
  double total = 0;
  for (auto& g_ : grads) {
    auto g = g_.contiguous();
    int64_t n = g.numel(), blocks = (n + BLOCK - 1) / BLOCK;
    std::vector<double> sums(blocks);
    by_type(g, [&](auto* t) {
      using T = std::remove_pointer_t<decltype(t)>;
      at::parallel_for(0, blocks, 1, [&](int64_t a, int64_t b) {
        for (int64_t i = a; i < b; i++) sums[i] = squares(at_<T>(g) + i * BLOCK, std::min(BLOCK, n - i * BLOCK));
      });
    });
    for (double s : sums) total += s;
  }
  return at::scalar_tensor(std::sqrt(total), at::kDouble);
}

void adamw_(at::TensorList params, at::TensorList masters, at::TensorList grads, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
            double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step, double grad_scale) {
  c10::NoGradGuard no_grad;
  Rates r{(float)(1 - beta1), (float)beta2, (float)(1 - beta2), (float)eps, (float)(1 - lr * weight_decay), (float)(lr / (1 - std::pow(beta1, step))),
          (float)std::sqrt(1 - std::pow(beta2, step)), (float)grad_scale};
  for (size_t k = 0; k < params.size(); k++) {
    const auto &p = params[k], &master = masters[k], &m = exp_avgs[k], &v = exp_avg_sqs[k];
    auto g = grads[k].contiguous();
    TORCH_CHECK(p.is_contiguous() && master.is_contiguous(), "adamw_: parameters must be contiguous");
    if (!fast(p)) {
      std::vector<at::Tensor> ps{master}, gs{(g.to(master.scalar_type()) * grad_scale)}, ms{m}, vs{v};
      std::vector<at::Tensor> steps{at::full({}, (double)step, master.options().dtype(at::kFloat))};
      at::_fused_adamw_(ps, gs, ms, vs, {}, steps, lr, beta1, beta2, weight_decay, eps, false, false);
      if (!p.is_same(master)) p.copy_(master);
      continue;
    }
    auto run = [&](auto* pt, auto* mt, auto* gt, auto* st) {
      using P = std::remove_pointer_t<decltype(pt)>;
      using M = std::remove_pointer_t<decltype(mt)>;
      using G = std::remove_pointer_t<decltype(gt)>;
      using S = std::remove_pointer_t<decltype(st)>;
      at::parallel_for(0, p.numel(), 1 << 14, [&](int64_t a, int64_t b) {
        step_run(at_<P>(p) + a, at_<M>(master) + a, at_<G>(g) + a, at_<S>(m) + a, at_<S>(v) + a, b - a, r);
      });
    };
    by_type(p, [&](auto* pt) {
      by_type(master, [&](auto* mt) {
        by_type(g, [&](auto* gt) { by_type(m, [&](auto* st) { run(pt, mt, gt, st); }); });
      });
    });
  }
}

}  // namespace ftx
