#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "weir/abi.h"

namespace weir::source {

enum class poll_result : std::uint8_t { some, nothing, end, failed };

/// Calls of one weir_source instance. The context belongs to the caller (host/operator), who also keeps the first error; this
/// class knows which splits are open. [task]
class reader {
 public:
  /// bracket: begins and ends a call with the context, as op::instance does for operators.
  struct bracket {
    virtual ~bracket() = default;
    virtual void begin() = 0;
    virtual bool end(weir_code code, const char* slot) = 0;
  };
  reader(const weir_source& source, const void* plan, const weir_host& table, weir_context* context, bracket& around);
  ~reader();
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  bool create();
  bool open_split(std::uint32_t split, std::string_view id, std::string_view position);
  poll_result poll(std::int64_t wait_us);
  /// Where reading of a split would go on.
  bool position(std::uint32_t split, std::string* out);
  /// Everything before this position is safe.
  bool committed(std::uint32_t split, std::string_view position);
  std::size_t open_splits() const { return open_; }

 private:
  const weir_source& source_;
  const void* plan_;
  const weir_host& table_;
  weir_context* context_;
  bracket& around_;
  void* self_ = nullptr;
  bool created_ = false;
  std::size_t open_ = 0;
};

}  // namespace weir::source
