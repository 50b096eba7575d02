// Products of matrices. Three kinds of CPUs and types:
//   fp32 with AVX-512: `gemm` is ours: 466 GFLOP/s on two cores of an EPYC that can make 490, where oneDNN makes 430 (a step's
//     products of a model of 512 x 8 layers, operands not in the cache).
//   bf16 and fp16 on CPUs without instructions for them: in fp32, a block at a time (through_fp32.cpp).
//   The rest, and all GPUs: libtorch's.
#pragma once
#include <ATen/core/Tensor.h>

namespace ftx {

/** a [M, K] b [K, N] -> [M, N], as at::mm. */
at::Tensor gemm(const at::Tensor& a, const at::Tensor& b);

/** c [M, N] = a b, or c += a b with `add`; c's rows may be part of a larger matrix's. */
void gemm_into(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add = false);

/** The same for a matrix with a short side, which would not pay for packing. */
at::Tensor thin_gemm(const at::Tensor& a, const at::Tensor& b);
/** c = scale a b, or c += scale a b with `add`. */
void thin_gemm_into(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add = false, double scale = 1);

/** Whether libtorch multiplies matrices of this tensor's type and device one number at a time. */
bool lacks_products(const at::Tensor& t);

/** c = scale a b, or c += scale a b with `add`, for a bf16 or fp16 c on the CPU; sums are made in fp32 and rounded once. */
void gemm_through_fp32(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool add, double scale);

}  // namespace ftx
