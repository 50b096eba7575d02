// libtorch's small fp32 product (a part of oneDNN, made for the CPU at hand): 260 GFLOP/s a core of an EPYC with AVX-512, where
// MKL makes 97. It is for blocks that lie in the cache, so who calls it says how to cut.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/native/CPUBlas.h>

namespace ftx {

/** Whether this CPU has it; without AVX-512 it throws. */
bool has_product();

/** c [M, N] (+)= a [M, K] b [K, N]; lda, ldb and ldc are the strides of their rows. */
inline void product(int64_t M, int64_t N, int64_t K, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc,
                    bool add) {
  at::native::cpublas::brgemm(M, N, K, lda, ldb, ldc, add, a, b, c, false);
}

/** To be called by each thread after its last product. */
inline void end_products() { at::native::cpublas::brgemm_release(false); }

}  // namespace ftx
