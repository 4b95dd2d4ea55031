// Two steps: the plugin's table is copied by bounded, checked reads into a table of our own, then config reads that
// copy with its rules for names, types and defaults. So those rules are written once, and never meet a wild pointer.
#include <cstddef>
#include <cstring>
#include <deque>
#include <optional>

#include "base/cat.hpp"
#include "plugin/description_reader.hpp"

namespace weir::plugin {
namespace {

using base::cat;

constexpr std::size_t option_prefix = offsetof(weir_option, reserved) + sizeof(weir_option::reserved);
constexpr std::uint32_t known_flags =
    WEIR_OPTION_REQUIRED | WEIR_OPTION_SECRET | WEIR_OPTION_DEPRECATED | WEIR_OPTION_OPEN;

/// Copies a table of options with everything it points to. What it gives lives as long as this object.
class option_copier {
 public:
  option_copier(std::uint64_t stride, const memory_map& map) : stride_(stride), map_(map) {}

  /// Null when something is wrong; then why() says what.
  const weir_option* table(const weir_option* from, std::size_t depth, const std::string& path) {
    if (depth > most_option_depth) return fail(path, cat("is nested deeper than ", most_option_depth, " (in itself?)"));
    std::vector<weir_option> copy;
    for (std::size_t i = 0;; ++i) {
      const auto* at = reinterpret_cast<const char*>(from) + i * stride_;
      if (!map_.readable(at, option_prefix)) return fail(path, "has a table that does not end with a null name");
      weir_option option{};
      std::memcpy(&option, at, stride_);
      if (!option.name) break;
      if (++count_ > most_options)
        return fail(path,
                    cat("has more than ", most_options, " options, or a table that does not end with a null name"));
      if (!one(option, depth, path)) return nullptr;
      copy.push_back(option);
    }
    copy.push_back({});
    return tables_.emplace_back(std::move(copy)).data();
  }
  const std::string& why() const { return why_; }

 private:
  /// Replaces every pointer of the option by one to a copy.
  bool one(weir_option& option, std::size_t depth, const std::string& path) {
    const auto name = map_.text(option.name, 64);
    if (!name) {
      fail(path, "has an option whose name is no text of at most 64 bytes");
      return false;
    }
    const std::string here = path.empty() ? *name : cat(path, ".", *name);
    if (!option.type) {
      fail(here, "has no type");
      return false;
    }
    if ((option.flags & ~known_flags) != 0) {
      fail(here, cat("has flags ", option.flags, ", of which this ABI does not know all: use WEIR_OPTION_..."));
      return false;
    }
    option.name = texts_.emplace_back(*name).c_str();
    if (!text(option.type, here, "type") || !text(option.fallback, here, "fallback") ||
        !text(option.doc, here, "doc") || !text(option.values, here, "values"))
      return false;
    if (option.nested) {
      option.nested = table(option.nested, depth + 1, here);
      if (!option.nested) return false;
    }
    return true;
  }

  bool text(const char*& member, const std::string& here, std::string_view what) {
    if (!member) return true;
    auto copy = map_.text(member, most_doc_bytes);
    if (!copy) {
      fail(here, cat("has a ", what, " that is no text of at most ", most_doc_bytes, " bytes"));
      return false;
    }
    member = texts_.emplace_back(std::move(*copy)).c_str();
    return true;
  }

  const weir_option* fail(const std::string& path, std::string why) {
    why_ = path.empty() ? std::move(why) : cat("option ", path, " ", why);
    return nullptr;
  }

  std::uint64_t stride_;
  const memory_map& map_;
  std::size_t count_ = 0;
  std::string why_;
  std::deque<std::string> texts_;  // deques: what is pointed to must not move
  std::deque<std::vector<weir_option>> tables_;
};

}  // namespace

std::vector<config::option> read_options(const weir_option* options, std::uint64_t size, const std::string& place,
                                         const memory_map& map, findings& found) {
  if (size < option_prefix || size > sizeof(weir_option) || size % alignof(weir_option) != 0) {
    found.refuse("bad_options", cat(place, ": its option_size is ", size, ", the contract has ", sizeof(weir_option),
                                    ": set option_size = sizeof(weir_option)"));
    return {};
  }
  option_copier copier(size, map);
  const weir_option* copy = copier.table(options, 1, {});
  if (!copy) {
    found.refuse("bad_options", cat(place, ": ", copier.why()));
    return {};
  }
  auto read = config::options_from_abi(copy, sizeof(weir_option));
  if (!read) {
    const std::string& option = read.why().where;
    found.refuse("bad_options", cat(place, option.empty() ? "" : ": option ", option, ": ", read.why().what));
    return {};
  }
  return std::move(read).take();
}

}  // namespace weir::plugin
