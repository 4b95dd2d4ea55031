// Numbers as text and back, with the rules of SQL's casts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "type.hpp"

namespace weir::expression {

void append_integer(std::string& out, int128 v);
void append_decimal(std::string& out, int128 v, int scale);
// The shortest digits that give the value back: 1.5, 100000.0, 1e+16, inf, nan.
void append_real(std::string& out, double v);
void append_real(std::string& out, float v);

// A text without the blanks around it.
std::string_view stripped(std::string_view text);

// A decimal number in any usual form (12, -1.5, 1e3, 1_000), times 10^scale, rounded half away from zero. Nothing: it
// is no number, or has more than 38 digits.
std::optional<int128> parse_scaled(std::string_view text, int scale);
std::optional<int128> parse_integer(std::string_view text);  // as above, also 0x1f, 0b11
std::optional<double> parse_real(std::string_view text);
std::optional<float> parse_real32(std::string_view text);
std::optional<bool> parse_truth(std::string_view text);

// 10^n, n = 0 .. 38.
int128 power_of_ten(int n);

}  // namespace weir::expression
