#pragma once
// ref<T>: a pointer that counts, in the object itself. T has add_ref() const and release() const; release() of the last
// reference gives the object back to its pool. Copying is one atomic addition, moving is free.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace weir::model {

template <class T>
class ref {
 public:
  ref() noexcept = default;
  ref(std::nullptr_t) noexcept {}  // NOLINT: implicit on purpose
  /// Takes over a reference that the caller holds.
  static ref adopt(T* p) noexcept {
    ref r;
    r.p_ = p;
    return r;
  }
  /// Adds a reference.
  static ref share(T* p) noexcept {
    if (p) p->add_ref();
    return adopt(p);
  }
  ref(const ref& o) noexcept : p_(o.p_) {
    if (p_) p_->add_ref();
  }
  ref(ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  ref& operator=(ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~ref() {
    if (p_) p_->release();
  }

  T* get() const noexcept { return p_; }
  T* operator->() const noexcept { return p_; }
  T& operator*() const noexcept { return *p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }
  /// Gives the reference to the caller.
  T* detach() noexcept { return std::exchange(p_, nullptr); }
  void reset() noexcept { *this = ref(); }
  friend bool operator==(const ref& a, const ref& b) noexcept { return a.p_ == b.p_; }

 private:
  T* p_ = nullptr;
};

/// The counter inside an object; begins with the one reference of its maker. [any] thread.
class ref_count {
 public:
  void add() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  /// True: that was the last one. The only holder pays no atomic addition.
  [[nodiscard]] bool drop() const noexcept {
    if (count_.load(std::memory_order_acquire) == 1) return true;
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

}  // namespace weir::model
