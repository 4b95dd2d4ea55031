#pragma once
// Numbers in what a task stores with a cut: as they are in memory, little endian. Of this room only.
#include <cstring>
#include <string>
#include <string_view>

namespace weir::task {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
/// Takes one off the front; false: there are not enough bytes.
template <class T>
bool get(std::string_view& from, T* value) {
  if (from.size() < sizeof(T)) return false;
  std::memcpy(value, from.data(), sizeof(T));
  from.remove_prefix(sizeof(T));
  return true;
}

}  // namespace weir::task
