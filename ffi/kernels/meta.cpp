// What libtorch's meta device lacks (in Python it is PyTorch's Python that has it), or does otherwise than the devices that
// it stands for: each makes what the operator makes there, without numbers.
#include "../dry.h"
#include <ATen/ExpandUtils.h>
#include <ATen/Functions.h>
#include <ATen/native/Resize.h>
#include <ATen/native/TypeProperties.h>
#include <torch/library.h>

namespace ftx::dry {
namespace {

using at::Tensor;

Tensor like(const Tensor& x) { return at::empty_like(x, at::MemoryFormat::Contiguous); }
Tensor wide(const Tensor& x, at::IntArrayRef sizes) { return at::empty(sizes, x.options().dtype(at::kFloat)); }

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index) {
  auto sizes = x.sizes().vec();
  if (!sizes.empty()) sizes[at::maybe_wrap_dim(dim, x.dim())] = index.numel();
  return at::empty(sizes, x.options());
}
Tensor& abs_out(const Tensor& x, Tensor& out) {
  at::native::resize_output(out, x.sizes());
  return out;
}
Tensor embedding_dense_backward(const Tensor& gradient, const Tensor&, int64_t rows, int64_t, bool) {
  return at::empty({rows, gradient.size(-1)}, gradient.options());
}
Tensor where(const Tensor& condition, const Tensor& x, const Tensor& y) {
  auto sizes = at::infer_size(at::infer_size(condition.sizes(), x.sizes()), y.sizes());
  return at::empty(sizes, condition.options().dtype(at::result_type(x, y)));
}
Tensor& where_out(const Tensor& condition, const Tensor& x, const Tensor& y, Tensor& out) {
  at::native::resize_output(out, at::infer_size(at::infer_size(condition.sizes(), x.sizes()), y.sizes()));
  return out;
}

// A sum whose terms differ in type is made, on CPUs, by way of a copy in the wider one; one of gradients that meet in a
// backward pass, in the place of the first where nobody else holds that.
Tensor widened(const Tensor& x, at::ScalarType type) {
  return device == -1 && x.dim() > 0 && x.scalar_type() != type ? at::empty(x.sizes(), x.options().dtype(type)) : Tensor();
}
bool free_to_use(const Tensor& x) {
  return Backward::running && !at::GradMode::is_enabled() && x.use_count() == 1 && x.storage().use_count() == 1;
}
Tensor add(const Tensor& x, const Tensor& y, const at::Scalar&) {
  if (x.scalar_type() == y.scalar_type() && x.sizes() == y.sizes()) {
    if (free_to_use(x)) return x;
    if (free_to_use(y)) return y;
  }
  const auto type = at::result_type(x, y);
  const auto a = widened(x, type), b = widened(y, type);
  return at::empty(at::infer_size(x.sizes(), y.sizes()), x.options().dtype(type));
}
Tensor& add_(Tensor& x, const Tensor& y, const at::Scalar&) {
  const auto a = widened(x, at::result_type(x, y)), b = widened(y, at::result_type(x, y));
  return x;
}
Tensor index_add(const Tensor& x, int64_t, const Tensor&, const Tensor&, const at::Scalar&) {
  return free_to_use(x) ? x : like(x);
}

// Operators whose lists of arguments differ between versions of libtorch: what stands first in them does not.
using Values = std::vector<c10::IValue>;
template <Values (*F)(c10::ArrayRef<c10::IValue>)>
void boxed(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const size_t count = op.schema().arguments().size();
  Values made = F(torch::jit::last(*stack, count));
  torch::jit::drop(*stack, count);
  for (auto& value : made) stack->push_back(std::move(value));
}

/** On GPUs flash attention sums the gradient of q in fp32, and makes those of k and v for each head that shares them. */
Values flash_gradients(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads) {
  const bool gpu = device >= 0, shared = k.size(heads) != q.size(heads);
  const auto sum = gpu ? wide(q, q.sizes()) : Tensor();
  const auto dk = gpu && shared ? like(q) : Tensor(), dv = gpu && shared ? like(q) : Tensor();
  return {at::empty_like(q), at::empty_like(k), at::empty_like(v)};
}

// libtorch's choice of a kernel, which has none for meta tensors. Flash attention on CPUs has no dropout.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const std::optional<Tensor>& mask, double dropout, bool causal,
                 std::optional<double> scale, bool shared) {
  if (device == -1 && dropout > 0)
    return std::get<0>(at::_scaled_dot_product_attention_math(q, k, v, mask, dropout, causal, std::nullopt, scale, shared));
  return std::get<0>(at::_scaled_dot_product_flash_attention_for_cpu(q, k, v, dropout, causal, mask, scale));
}
// q [B, H, T, C].
Values sdpa(c10::ArrayRef<c10::IValue> in) {
  const auto q = in[0].toTensor();
  auto y = at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
  return {y, wide(q, {q.size(0), q.size(2), q.size(1)})};
}
Values sdpa_backward(c10::ArrayRef<c10::IValue> in) {
  return flash_gradients(in[1].toTensor(), in[2].toTensor(), in[3].toTensor(), 1);
}

// Flash attention of documents that lie end to end: q [N, H, C].
Values flash(c10::ArrayRef<c10::IValue> in) {
  const auto q = in[0].toTensor();
  const auto state = at::empty({2}, q.options().dtype(at::kLong));
  return {like(q), wide(q, {q.size(1), q.size(0)}), state, at::empty({}, state.options()), at::empty({0}, q.options())};
}
Values flash_backward(c10::ArrayRef<c10::IValue> in) {
  return flash_gradients(in[1].toTensor(), in[2].toTensor(), in[3].toTensor(), 1);
}

// Memory-efficient attention: q [1, N, H, C], the starts of documents, and the tokens of the longest.
Values efficient(c10::ArrayRef<c10::IValue> in) {
  const auto q = in[0].toTensor();
  const int64_t documents = in[4].toTensor().numel() - 1, longest = in[6].toInt();
  const auto state = at::empty({}, q.options().dtype(at::kLong));
  return {like(q), wide(q, {documents, q.size(2), (longest + 31) / 32 * 32}), state, state, longest, longest};
}
Values efficient_backward(c10::ArrayRef<c10::IValue> in) {
  const auto q = in[1].toTensor();
  const auto sum = q.scalar_type() == at::kFloat ? Tensor() : wide(q, q.sizes());
  return {like(q), like(in[2].toTensor()), like(in[3].toTensor()), Tensor()};
}

// RMSNorm on GPUs keeps x and a number a row.
Values rms_norm(c10::ArrayRef<c10::IValue> in) {
  const auto x = in[0].toTensor();
  auto rows = x.sizes().vec();
  const size_t normalised = in[1].toIntVector().size();
  std::fill(rows.end() - normalised, rows.end(), 1);
  return {like(x), wide(x, rows)};
}
Values rms_norm_backward(c10::ArrayRef<c10::IValue> in) {
  const auto wanted = in[5].toBoolList();
  return {wanted[0] ? like(in[1].toTensor()) : Tensor(), wanted[1] ? like(in[4].toTensor()) : Tensor()};
}

Values fused_adamw_(c10::ArrayRef<c10::IValue>) { return {}; }  // in place

}  // namespace

void register_kernels() {
  static const auto* registered = [] {
    auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    library->impl("index_select", index_select);
    library->impl("abs.out", abs_out);
    library->impl("where.self", where);
    library->impl("where.self_out", where_out);
    library->impl("embedding_dense_backward", embedding_dense_backward);
    library->impl("add.Tensor", add);
    library->impl("add_.Tensor", add_);
    library->impl("index_add", index_add);
    library->impl("_scaled_dot_product_flash_attention_for_cpu", torch::CppFunction::makeFromBoxedFunction<&boxed<sdpa>>());
    library->impl("_scaled_dot_product_flash_attention_for_cpu_backward", torch::CppFunction::makeFromBoxedFunction<&boxed<sdpa_backward>>());
    library->impl("_flash_attention_forward", torch::CppFunction::makeFromBoxedFunction<&boxed<flash>>());
    library->impl("_flash_attention_backward", torch::CppFunction::makeFromBoxedFunction<&boxed<flash_backward>>());
    library->impl("_efficient_attention_forward", torch::CppFunction::makeFromBoxedFunction<&boxed<efficient>>());
    library->impl("_efficient_attention_backward", torch::CppFunction::makeFromBoxedFunction<&boxed<efficient_backward>>());
    library->impl("_fused_rms_norm", torch::CppFunction::makeFromBoxedFunction<&boxed<rms_norm>>());
    library->impl("_fused_rms_norm_backward", torch::CppFunction::makeFromBoxedFunction<&boxed<rms_norm_backward>>());
    library->impl("_fused_adamw_", torch::CppFunction::makeFromBoxedFunction<&boxed<fused_adamw_>>());
    static torch::Library gradients(torch::Library::IMPL, "aten", c10::DispatchKey::AutogradMeta, __FILE__, __LINE__);
    gradients.impl("scaled_dot_product_attention", attention);
    return library;
  }();
  (void)registered;
}

}  // namespace ftx::dry
