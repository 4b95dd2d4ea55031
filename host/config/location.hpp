#pragma once
// Where a value stands: file, line and column, with the text around it, so that every error can show the line and a
// caret.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// One text that values come from: a pipeline file, or one --set argument. Immutable but for mask().
class source_text {
 public:
  source_text(std::string name, std::string bytes);
  const std::string& name() const { return name_; }  ///< as a person finds it: "pipelines/x.toml", "--set"
  std::string_view bytes() const { return bytes_; }
  /// Line `number` (from 1) without its end; empty past the end.
  std::string_view line(std::uint32_t number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(starts_.size()); }

  /// Hides columns [column, end_column) of a line from every excerpt: a secret stands there. [control] thread only.
  void mask(std::uint32_t line, std::uint32_t column, std::uint32_t end_column) const;
  /// line() with masked columns, and values of keys that look like secrets, as '*'.
  std::string excerpt(std::uint32_t number) const;

 private:
  struct region {
    std::uint32_t line, column, end_column;
  };
  std::string name_, bytes_;
  std::vector<std::size_t> starts_;
  mutable std::vector<region> masked_;
};

/// A place in a source_text. Lines and columns count from 1, columns count characters (code points), as editors do.
/// Line 0: nowhere in particular.
struct location {
  std::shared_ptr<const source_text> source;
  std::uint32_t line = 0, column = 0;
  std::uint32_t end_line = 0, end_column = 0;  ///< behind the last character; 0: not known

  /// "pipelines/x.toml:12:5", or the file alone, or "".
  std::string text() const;
  /// The offending line with a caret line below it, each ending in a newline; "" when there is none to show.
  std::string excerpt() const;
};

/// Orders by file, then position, for reports.
bool before(const location& a, const location& b);

/// The place of byte `offset` inside the string value whose literal begins at `literal`, following quotes and escapes;
/// the literal's own place when it is no plain literal there.
location inside_string(const location& literal, std::size_t offset);

}  // namespace weir::config
