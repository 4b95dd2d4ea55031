#pragma once
// Files with mistakes, and exactly what a person reads about each: place and sentence.
#include <string>
#include <vector>

namespace weir::config {

struct malformed {
  const char* name;
  std::string text;
  std::vector<std::string> errors;  ///< "line:column what", in order; line 0: of the file as a whole
};

inline const std::string head = "format = 1\nname = \"x\"\n";                              // lines 1 and 2
inline const std::string in_source = "[[source]]\nid = \"in\"\nuses = \"file.source\"\n";  // often lines 3 to 5
inline const std::string out_sink =                                                        // often lines 6 to 9
    "[[sink]]\nid = \"out\"\nuses = \"print.sink\"\nfrom = [\"in\"]\n";

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}
inline std::string operator_from(const std::string& id, const std::string& from) {
  return "[[operator]]\nid = \"" + id + "\"\nuses = \"std.filter\"\nfrom = " + from + "\n";
}
inline std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<malformed> malformed_syntax();
std::vector<malformed> malformed_graphs();
std::vector<malformed> malformed_values();

}  // namespace weir::config
