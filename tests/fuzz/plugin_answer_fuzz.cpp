// What the child process that loaded a plugin answers: foreign code ran there, so the bytes may be anything. What can
// be read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugin/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto told = weir::plugin::wire::read({reinterpret_cast<const char*>(data), size});
  if (!told) return 0;
  const std::string written = weir::plugin::wire::write(*told);
  const auto again = weir::plugin::wire::read(written);
  if (!again || weir::plugin::wire::write(*again) != written) std::abort();
  return 0;
}
