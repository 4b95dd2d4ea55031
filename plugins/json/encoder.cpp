#include "encoder.hpp"

namespace json {

encoder::encoder(const weir::config& c)
    : include_(c.get("include", std::vector<std::string>{})), text_(c.get<std::string>("nulls") == "omit") {}

void encoder::bind(weir::binder& b) {
  text_.bind(b.input(), include_);
  auto [out, passes] = weir::json::value_beside(b.input());
  b.output("", std::move(out), std::move(passes));
}

void encoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  auto b = out.build_beside(0, batch);
  text_.load(batch);
  for (const auto row : batch.rows()) {
    b[0].skip_to(row);
    bytes_.clear();
    text_.append(bytes_, row);
    b[0].append(std::string_view{bytes_});
  }
  out.emit_all(0, batch, std::move(b));
}

}  // namespace json
