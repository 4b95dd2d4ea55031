// A plugin file: whatever it holds, reading it and judging it neither crashes nor takes long, and every text is safe to
// print.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/test_env.hpp"
#include "base/utf8.hpp"
#include "plugin/elf.hpp"
#include "plugin/gate.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void check_text(std::string_view text) {
  must(weir::base::is_utf8(text));
  for (const char c : text) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  auto facts = weir::plugin::elf::read(file);
  if (!facts) {
    check_text(facts.why().text());
    return 0;
  }
  for (const auto* names : {&facts->exports, &facts->imports, &facts->needed})
    for (const auto& name : *names) must(name.size() < size);
  must(facts->unique.size() <= facts->exports.size());
  weir::base::test_env env;
  weir::plugin::findings found;
  weir::plugin::check_elf(env.fs(), *facts, found);
  for (const auto& one : found.all()) check_text(one.what);
  return 0;
}
