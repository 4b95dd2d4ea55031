#pragma once
// UTF-8 checks. Of this room only.
#include <cstddef>
#include <string_view>

namespace weir::model {

/// Bytes of the well-formed UTF-8 character at the start of the text (not empty), 0: none is there. Overlong forms,
/// surrogates and code points above U+10FFFF are not well formed.
std::size_t utf8_character(std::string_view text) noexcept;
bool is_utf8(std::string_view text) noexcept;

}  // namespace weir::model
