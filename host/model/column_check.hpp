#pragma once
// Checks of column contents that builders and imports share. Of this room only.
#include <cstdint>
#include <span>
#include <string>

#include "model/type.hpp"

namespace weir::model {

/// Offsets of `length` rows: begin with 0, never go back, end at most at `room`. Empty: they are right; else what is
/// wrong.
std::string offsets_fault(const std::int32_t* offsets, std::int64_t length, std::int64_t room);
/// Each text that is present is UTF-8. validity null: all are present.
std::string utf8_fault(const std::int32_t* offsets, const char* data, const std::uint8_t* validity,
                       std::int64_t length);
/// Each decimal that is present has at most `precision` digits.
std::string decimal_fault(const void* values, const std::uint8_t* validity, std::int64_t length, int precision);

}  // namespace weir::model
