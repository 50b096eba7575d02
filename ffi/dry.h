// Dry runs: the real model, adapter, loss and optimizer, without numbers. Tensors that are made for one device (the CPU, or a
// GPU that need not be there) are libtorch's meta tensors instead: they have sizes, types and a place in the graph, and the
// memory that they would take on that device is counted. Our kernels allocate what they always do and leave out the loops.
#pragma once
#include <ATen/core/Tensor.h>
#include <cstdint>

namespace ftx::dry {

/** What memory is for, in the order of KINDS in src/tensor/dry.ts. */
enum Kind : int32_t { WEIGHTS, GRADIENTS, OPTIMIZER, ACTIVATIONS, LOGITS, TEMPORARY };

constexpr int32_t NONE = INT32_MIN;
/** The device that meta tensors stand for, numbered as TypeScript does (-1: the CPU); NONE outside a dry run. */
extern int32_t device;

/** What is allocated while this lives is for `kind`. */
class For {
 public:
  explicit For(Kind kind);
  ~For();
  For(const For&) = delete;

 private:
  Kind before;
};

/** Registers the operators that libtorch's meta device lacks; the first call does. */
void register_kernels();

/** Zeroed memory for numbers that nobody reads; it ends with the run. */
void* scratch(size_t bytes);

/** Lives as long as a backward pass: libtorch then adds gradients into one another where nobody else holds them. */
struct Backward {
  static bool running;
  Backward() { running = true; }
  ~Backward() { running = false; }
};

}  // namespace ftx::dry

namespace ftx {

/** Whether a tensor is on the CPU, or stands for one that is. */
inline bool is_cpu(const at::Tensor& t) { return t.is_cpu() || (dry::device == -1 && t.is_meta()); }

}  // namespace ftx
