#include "condition.hpp"

#include "expression/mistake.hpp"

namespace weir::standard {

std::size_t compiled::condition(std::string_view text, const std::string& option) {
  try {
    return program_->add_condition(text);
  } catch (const expression::mistake& m) {
    throw config_error{option, m.why, m.at};
  }
}

}  // namespace weir::standard
