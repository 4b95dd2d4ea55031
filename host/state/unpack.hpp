#pragma once
// Bytes of a state's values as columns, by their schema, as weir/ext/draft/state.h says they lie: for people and for
// conversion.
#include <memory>
#include <string>
#include <string_view>

#include "model/type.hpp"

namespace weir::state {

enum class packing : std::uint8_t {
  in_place,  ///< WEIR_STATE_VALUE: a C struct of the fields
  plain,     ///< bytes, elements, values of a map
  ordered,   ///< keys of a map
};

/// Appends {"a":1,...}. Bytes that do not fit the fields are shown as they are: {"bytes":"<base64>"}.
class value_json {
 public:
  explicit value_json(model::schema_ref fields);
  ~value_json();
  void append(std::string& out, packing how, std::string_view bytes);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weir::state
