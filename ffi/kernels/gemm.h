// Products of whole fp32 matrices. On CPUs with AVX-512 they are ours: 466 GFLOP/s on two cores of an EPYC that can make 490,
// where oneDNN makes 430 (a step's products of a model of 512 x 8 layers, operands not in the cache). Elsewhere, and for
// other types, libtorch's.
#pragma once
#include <ATen/core/Tensor.h>

namespace ftx {

/** a [M, K] b [K, N] -> [M, N], as at::mm. */
at::Tensor gemm(const at::Tensor& a, const at::Tensor& b);

/** c [M, N] = a b, or c += a b with `add`; c's rows may be part of a larger matrix's. */
void gemm_into(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add = false);

}  // namespace ftx
