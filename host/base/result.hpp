#pragma once
// result<T>: a value, or an error that says why not. [[nodiscard]]; dropping one is spelled out with
// permit_unchecked().
//
//   auto file = fs.open_read(path);
//   if (!file) return std::move(file).why().in("plugin " + name);
//   use(**file);
//
//   auto file = WEIR_TRY(fs.open_read(path));   // the same without a place
#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "base/error.hpp"

namespace weir::base {

template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T> && !std::same_as<std::remove_cv_t<T>, error>);

 public:
  using value_type = T;

  template <class U = T>
  requires(std::convertible_to<U&&, T> && !std::same_as<std::remove_cvref_t<U>, result> &&
           !std::same_as<std::remove_cvref_t<U>, error>) result(U&& value)
      : v_(std::in_place_index<0>, std::forward<U>(value)) {}        // NOLINT: implicit on purpose
  result(error why) : v_(std::in_place_index<1>, std::move(why)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const noexcept { return v_.index() == 0; }
  bool ok() const noexcept { return v_.index() == 0; }

  /// The value. Asking an error for its value is our own mistake and ends the process with the error's text.
  T& value() & { return *get(); }
  const T& value() const& { return *const_cast<result*>(this)->get(); }
  T value() && { return std::move(*get()); }
  T& operator*() & { return *get(); }
  const T& operator*() const& { return *const_cast<result*>(this)->get(); }
  /// By value: `for (auto& x : *list())` must not dangle.
  T operator*() && { return std::move(*get()); }
  T* operator->() { return get(); }
  const T* operator->() const { return const_cast<result*>(this)->get(); }
  /// The value, moved out into an object of its own.
  T take() && { return std::move(*get()); }
  T value_or(T other) && { return ok() ? std::move(*get()) : std::move(other); }

  /// The error. Asking a value why is our own mistake.
  const error& why() const& { return *const_cast<result*>(this)->err(); }
  error&& why() && { return std::move(*err()); }

 private:
  T* get() {
    T* p = std::get_if<0>(&v_);
    WEIR_CHECK(p, "value of a failed result: ", std::get_if<1>(&v_)->text());
    return p;
  }
  error* err() {
    error* p = std::get_if<1>(&v_);
    WEIR_CHECK(p, "error of a result that holds a value");
    return p;
  }
  std::variant<T, error> v_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  result() = default;
  result(error why) : v_(std::in_place_index<1>, std::move(why)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const noexcept { return v_.index() == 0; }
  bool ok() const noexcept { return v_.index() == 0; }
  void value() const { WEIR_CHECK(ok(), "value of a failed result: ", std::get_if<1>(&v_)->text()); }
  void take() && { value(); }
  const error& why() const& { return *const_cast<result*>(this)->err(); }
  error&& why() && { return std::move(*err()); }

 private:
  error* err() {
    error* p = std::get_if<1>(&v_);
    WEIR_CHECK(p, "error of a result that is a success");
    return p;
  }
  std::variant<std::monostate, error> v_;
};

/// Drops a result on purpose; the reason is for the reader: permit_unchecked(fs.remove(tmp), "best effort, swept
/// later").
template <class T>
void permit_unchecked(const result<T>&, const char* /*because*/) {}

}  // namespace weir::base

/// The value of a result<T> expression; returns its error from the calling function (which returns some result<U>) if
/// it has none. `auto x = WEIR_TRY(f());` or `WEIR_TRY(g());`
#define WEIR_TRY(...)                                              \
  ({                                                               \
    auto&& weir_try_result = (__VA_ARGS__);                        \
    if (!weir_try_result) return std::move(weir_try_result).why(); \
    std::move(weir_try_result).take();                             \
  })
