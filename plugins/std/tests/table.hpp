// Tables for tests, written as texts: values as in duckdb_expressions.py, lists as [1;2], records as {1;abc}.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expression/column.hpp"
#include "expression/type.hpp"
#include "weir/abi.h"
#include "weir/schema.hpp"

namespace weir::expression::test {

constexpr const char* null_text = "\\N";
constexpr const char* error_text = "\\E";

// "int64", "decimal(10,2)", "list<int64>", "record<a int32,b utf8>", "fixed(16)".
field field_named(std::string name, std::string_view type);

class table {
 public:
  table() = default;
  table(const table&) = delete;
  table& operator=(const table&) = delete;

  table& add(const std::string& name, std::string_view type, const std::vector<std::string>& values);

  const schema& columns() const { return schema_; }
  // A batch of all rows. Further facts about rows may be set in the result.
  weir_batch batch();

 private:
  struct array;
  array& make(const field& f, const std::vector<std::string>& values);
  schema schema_;
  std::deque<array> arrays_;
  std::vector<const ArrowArray*> pointers_;
  std::int64_t rows_{0};

  struct array {
    ArrowArray raw{};
    std::vector<const void*> buffers;
    std::vector<ArrowArray*> children;
    std::vector<std::unique_ptr<char[]>> memory;
    char* take(std::size_t bytes) {
      memory.push_back(std::make_unique<char[]>(bytes + 128));
      auto at = reinterpret_cast<std::uintptr_t>(memory.back().get());
      return reinterpret_cast<char*>((at + 63) / 64 * 64);
    }
  };
};

// A value as text, in the same way.
std::string encoded(const expression::type& t, const column& c, std::int64_t row);

std::string escaped(std::string_view text);
std::string unescaped(std::string_view text);

}  // namespace weir::expression::test
