// The whole contract between libtorch and TypeScript. A tensor is a small integer, its slot in a table that lives here.
// No exception crosses the border: every body runs in `guard`, which keeps the message for ftx_error().
#pragma once
#include <ATen/core/IListRef.h>
#include <ATen/core/IListRef_inl.h>
#include <ATen/core/Tensor.h>
#include "dry.h"
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

using H = uint32_t;             // a handle; 0 = no tensor, or: the call failed
constexpr H DEAD = 0xFFFFFFFF;  // what TypeScript writes over the handle of a released tensor

H put(at::Tensor t);       // gives the tensor a slot; 0 for an undefined one
at::Tensor& get(H h);      // throws for 0, DEAD and handles never given out
void fail(const char* what);

template <class F>
auto guard(F f) -> decltype(f()) {
  try {
    return f();
  } catch (const std::exception& e) {
    fail(e.what());
  } catch (...) {
    fail("unknown C++ exception");
  }
  return {};
}

// What each ATen argument type is made from; the other half of LANES in tools/gen.ts.
// Numbers cross as double, because V8 passes those for nothing; whole ones become integer scalars.
inline at::Scalar scalar(double x) {
  return std::floor(x) == x && std::abs(x) < 9e15 ? at::Scalar((int64_t)x) : at::Scalar(x);
}
inline std::optional<at::Tensor> maybe(H h) { return h ? std::optional(get(h)) : std::nullopt; }
inline std::optional<at::Scalar> maybe_scalar(double x) { return std::isnan(x) ? std::nullopt : std::optional(scalar(x)); }
inline std::optional<double> maybe_float(double x) { return std::isnan(x) ? std::nullopt : std::optional(x); }
inline std::optional<int64_t> maybe_int(double x) { return std::isnan(x) ? std::nullopt : std::optional((int64_t)x); }
inline std::optional<c10::SymInt> maybe_symint(double x) {
  return std::isnan(x) ? std::nullopt : std::optional(c10::SymInt((int64_t)x));
}
inline at::ScalarType dtype_of(int32_t d) { return (at::ScalarType)d; }
inline std::optional<at::ScalarType> maybe_dtype(int32_t d) { return d < 0 ? std::nullopt : std::optional(dtype_of(d)); }
// In a dry run, tensors for its device are meta tensors.
inline at::Device device_of(int32_t d) {
  return d == ftx::dry::device ? at::Device(at::kMeta) : d < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, d);
}
inline std::optional<at::Device> maybe_device(int32_t d) { return d < -1 && ftx::dry::device != -1 ? std::nullopt : std::optional(device_of(std::max(d, -1))); }
inline std::vector<int64_t> ints(const double* p, int32_t n) { return {p, p + n}; }
struct MaybeInts {
  std::optional<std::vector<int64_t>> v;
  operator at::OptionalIntArrayRef() const { return v ? at::OptionalIntArrayRef(*v) : std::nullopt; }
};
inline MaybeInts maybe_ints(const double* p, int32_t n) { return {n < 0 ? std::nullopt : std::optional(ints(p, n))}; }
inline std::vector<c10::SymInt> symints(const double* p, int32_t n) {
  std::vector<c10::SymInt> v;
  v.reserve(n);
  for (int i = 0; i < n; i++) v.emplace_back((int64_t)p[i]);
  return v;
}
struct Tensors {
  std::vector<at::Tensor> v;
  operator at::TensorList() const { return v; }
  operator at::ITensorListRef() const { return at::TensorList(v); }
};
inline Tensors list(const H* p, int32_t n) {
  Tensors t;
  t.v.reserve(n);
  for (int i = 0; i < n; i++) t.v.push_back(get(p[i]));
  return t;
}

// A list goes back in a buffer of TypeScript's that has room for `cap`. The answer is the length of the whole list, + 1 where 0
// means failure; a list that does not fit is asked for again with a larger buffer.
/** Gives each tensor a slot. Handles that do not fit in `out` wait for ftx_results. */
int32_t put_all(at::TensorList tensors, H* out, int32_t cap);
template <class... T>
int32_t put_all(const std::tuple<T...>& t, H* out, int32_t cap) {
  return std::apply([&](auto&... x) { return put_all({x...}, out, cap); }, t);
}
/** Copies as much of the text as fits; returns the length of all of it. */
int32_t give(const std::string& text, char* out, int32_t cap);

#define EXPORT extern "C" __attribute__((visibility("default")))
#define OP(name, params, expr) EXPORT H ftx_##name params { return guard([&]() -> H { return put(expr); }); }
#define OPS(name, params, expr) EXPORT int32_t ftx_##name params { return guard([&]() -> int32_t { return put_all(expr, out, cap); }); }
#define OP_VOID(name, params, expr) EXPORT int32_t ftx_##name params { return guard([&]() -> int32_t { expr; return 1; }); }
// In place: the receiver comes back.
#define OP_IN_PLACE(name, params, expr) EXPORT H ftx_##name params { return guard([&]() -> H { expr; return self; }); }
