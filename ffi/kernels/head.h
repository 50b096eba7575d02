// What the operators on a model's head share. The logits of a step are its largest tensor ([N, V]); they exist for one chunk of
// rows at a time, and turn into their own gradient in place.
#pragma once
#include "gemm.h"
#include "simd.h"
#include <c10/util/Exception.h>
#include <cmath>

namespace ftx {

constexpr int64_t IGNORED = -100;  // the target of a row that only fills up: a result of 0 and no gradient

/** Refuses what is not hidden states x [N, D], a weight [V, D] and targets [N] within the vocabulary. */
void check_head(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets);

/** Rows whose logits exist at once: those asked for, or with 0 what is best; `dw` says whether the weight wants its gradient. */
int64_t head_chunk(int64_t asked, const at::Tensor& x, bool dw);

/** The gradients of x and of the weight, if wanted, summed over the chunks from the gradients of their logits. */
class HeadGradients {
 public:
  HeadGradients(const at::Tensor& x, const at::Tensor& weight, bool dx, bool dw);
  bool wanted() const { return dx_.defined() || dw_wanted_; }
  /** Rows from .. to, with the gradients dz [rows, V] of their logits. */
  void add(int64_t from, int64_t to, const at::Tensor& dz);
  /** Undefined where it is not wanted; all rows have been added. */
  at::Tensor dx() const { return dx_; }
  at::Tensor dw() const { return dw_.defined() ? dw_.to(weight_.scalar_type()) : dw_; }

 private:
  const at::Tensor x_, weight_;
  const bool dw_wanted_;
  at::Tensor dx_, dw_;
};

template <class T>
INLINE float largest(const T* z, int64_t V) {
  float most = -INFINITY;
#pragma omp simd reduction(max : most)
  for (int64_t v = 0; v < V; v++) most = load(z[v]) > most ? load(z[v]) : most;
  return most;
}

}  // namespace ftx
