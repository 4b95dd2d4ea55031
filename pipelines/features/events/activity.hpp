// The made-up events: what accounts do, as lines of JSON in the order they arrive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace features {

/// Which accounts there are and how often something happens.
struct activity {
  std::uint64_t seed, accounts;
  std::int64_t every_us;

  /// Appends event `number` as one JSON object without a newline; always the same text. Event times are up to two
  /// seconds out of order. Some accounts are busy and some are not; on every third day, each in its own order, they are
  /// silent. Returns the account, which lives as long as `account_id`.
  std::string_view text(std::uint64_t number, std::string& to, std::string& account_id) const;
};

}  // namespace features
