#pragma once
// What a FileDescriptorSet says about messages. It is read by our own wire reader: a plugin must not bring libprotobuf along as a
// shared library (a second registration of a .proto ends the process), and Debian's static one cannot be linked into a plugin.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace protobuf {

/// FieldDescriptorProto.Type, by number.
enum class kind : std::uint8_t {
  float64 = 1,
  float32 = 2,
  int64 = 3,
  uint64 = 4,
  int32 = 5,
  fixed64 = 6,
  fixed32 = 7,
  boolean = 8,
  string = 9,
  group = 10,
  message = 11,
  bytes = 12,
  uint32 = 13,
  enumeration = 14,
  sfixed32 = 15,
  sfixed64 = 16,
  sint32 = 17,
  sint64 = 18
};

struct field_info {
  std::string name;
  std::uint32_t number = 0;
  kind type = kind::int32;
  std::string type_name;  // message, enumeration: ".pkg.Name"
  bool repeated = false;
  bool required = false;
  bool presence = false;  // absent is not the same as the default value
  bool packed = false;    // written so; both forms are read
};
struct message_info {
  std::string name;  // ".pkg.Name"
  std::vector<field_info> fields;
  bool map_entry = false;
};
struct enum_info {
  std::string name;
  std::map<std::int32_t, std::string> values;
};

class descriptors {
 public:
  /// Throws weir::config_error about `option`.
  static descriptors parse(std::string_view file_descriptor_set, const std::string& option);
  /// By full name, with or without the leading dot; null: there is none.
  const message_info* message(std::string_view name) const;
  const enum_info* enumeration(std::string_view name) const;
  std::vector<std::string_view> message_names() const;

 private:
  struct reader;
  std::map<std::string, message_info, std::less<>> messages_;
  std::map<std::string, enum_info, std::less<>> enums_;
};

}  // namespace protobuf
