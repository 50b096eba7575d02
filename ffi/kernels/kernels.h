// ftx's own operators: what a training step does most, in one pass over memory where libtorch takes several.
// Each works on CPU (fp32, bf16) with the loops here, and elsewhere as a composition of ATen operators.
#pragma once
#include <ATen/core/Tensor.h>
#include <optional>
#include <tuple>

namespace ftx {

// N rows, D channels, F feed-forward width, V vocabulary, I inputs, O outputs, R rank, H heads, C channels of a head.

/** x [N.., D] / sqrt(mean(x²) + eps) · weight [D], statistics in fp32. */
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/** silu(gate) · up, both [.., F]. */
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);
at::Tensor swiglu_anywhere(const at::Tensor& gate, const at::Tensor& up);

/** x [N, H, C] turned by the angles of its positions [N] (int32): cos, sin [positions, C/2] in fp32, halves paired as in HF. */
at::Tensor rope(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& positions);
/** Its turn by ATen's operators, without a gradient; sign -1 turns back. */
at::Tensor turned_anywhere(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& positions, double sign);

/**
 * Causal attention inside each document: q [N, H, C], k and v [N, K, C] -> [N, H · C]. Documents of `lengths` tokens lie end to
 * end; a token sees itself and at most window - 1 before it (0: all). CPU only, where `has_attention` says so.
 */
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::IntArrayRef lengths, int64_t window,
                     double scale);
bool has_attention(const at::Tensor& q);

/**
 * The same by libtorch's kernels for GPUs: documents begin at `starts` [documents + 1] (int32, beside q), none is longer than
 * `longest`. `flash`: the flash kernel (fp16, bf16; windows), else the memory-efficient one (any type). On CPUs, plainly.
 */
at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& starts, int64_t longest,
                            int64_t window, double scale, double dropout, bool flash);

/** x [.., I] Wᵀ + bias, with W [O, I]. */
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias);

/** x Wᵀ + bias + scale · (dropped Aᵀ) Bᵀ, with a [R, I], b [O, R] in their own dtype and the products in x's. W is frozen. */
at::Tensor lora_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       const at::Tensor& dropped, const at::Tensor& a, const at::Tensor& b, double scale);

/**
 * Sum over rows of the cross-entropy of x [N, D] · weight [V, D]ᵀ at targets [N] (int32 or int64; -100 is ignored), an fp32 scalar, and for
 * each row 1 where its target is the largest logit, else 0 [N]. Logits exist for `chunk` rows at a time (0: chosen here), and the
 * gradients are made in the forward pass, while they are there.
 */
std::tuple<at::Tensor, at::Tensor> linear_cross_entropy(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets,
                                                        double label_smoothing, int64_t chunk);

/**
 * Log-probabilities [N] of targets [N] (int32 or int64; -100 gives 0 and no gradient) under softmax(x [N, D] · weight [V, D]ᵀ /
 * temperature), and with `entropy` that of each row's distribution [N], else an empty tensor: fp32, fp64 for an x of fp64. Both
 * have gradients. Logits exist for `chunk` rows at a time (0: chosen here), and again in the backward.
 */
std::tuple<at::Tensor, at::Tensor> linear_log_prob(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& targets,
                                                   double temperature, bool entropy, int64_t chunk);

/** The 2-norm of all gradients together, a scalar. */
at::Tensor grad_norm(at::TensorList grads);

/**
 * AdamW (Loshchilov & Hutter 2019, as torch.optim.AdamW): one step for all parameters. `masters` are the fp32 values
 * behind low-precision parameters (the parameter itself where there is none); gradients are multiplied by grad_scale first.
 */
void adamw_(at::TensorList params, at::TensorList masters, at::TensorList grads, at::TensorList exp_avgs,
            at::TensorList exp_avg_sqs, double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step,
            double grad_scale);

/** The same by libtorch's fused kernel: gradients are divided by `divisor`, and nothing changes where `skip` is 1; both fp32 [1]. */
void fused_adamw_(at::TensorList params, at::TensorList masters, at::TensorList grads, at::TensorList exp_avgs,
                  at::TensorList exp_avg_sqs, const at::Tensor& divisor, const at::Tensor& skip, double lr, double beta1,
                  double beta2, double eps, double weight_decay, int64_t step);

}  // namespace ftx
