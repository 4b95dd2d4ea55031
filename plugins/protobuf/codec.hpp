#pragma once
#include <memory>
#include <string>
#include <vector>

#include "message_plan.hpp"
#include "weir/batch_operator.hpp"

namespace protobuf {

/// What decoder and encoder share: the message that the options name.
class message_of {
 public:
  explicit message_of(const weir::config& c);
  std::unique_ptr<message_plan> plan() const;

 private:
  std::string name_;
  bool enum_names_;
  std::shared_ptr<const descriptors> all_;
};

constexpr auto message_options() {
  using weir::option;
  return weir::options(option("descriptor_set", weir::text)
                           .required()
                           .doc("File that protoc --include_imports --descriptor_set_out wrote."),
                       option("message", weir::text).required().doc("Full name of the message, pkg.Name."),
                       option("enums", weir::choice("name|number")).fallback("\"name\"").doc("How enum fields look."),
                       option("metadata", weir::list_of_text)
                           .doc("decode: columns of the connector that go on beside the decoded ones."));
}

/// One message a record.
class decoder : public weir::batch_decoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Protocol Buffers messages, one a record, into typed columns."; }
  static constexpr auto options() { return message_options(); }
  explicit decoder(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  message_of message_;
  std::vector<std::string> metadata_;
  std::unique_ptr<message_plan> plan_;
  std::size_t value_ = 0;
};

/// Rows as messages; a column belongs to the field of its name, columns without a field are not written.
class encoder : public weir::batch_encoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Rows as Protocol Buffers messages."; }
  static constexpr auto options() { return message_options(); }
  explicit encoder(const weir::config& c) : message_(c) {}
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  message_of message_;
  std::unique_ptr<message_plan> plan_;
  std::vector<int> columns_;  // of each field; -1: the input does not have it
  std::string text_;
};

}  // namespace protobuf
