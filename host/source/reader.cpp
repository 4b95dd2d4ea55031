#include "source/reader.hpp"

#include <utility>

#include "base/guarded.hpp"
#include "model/plugin_bytes.hpp"

namespace weir::source {

reader::reader(const weir_source& source, const void* plan, const weir_host& table, weir_context* context,
               bracket& around)
    : source_(source), plan_(plan), table_(table), context_(context), around_(around) {}

reader::~reader() {
  if (!created_ || !self_ || !source_.destroy) return;
  around_.begin();
  const weir_code code = base::guarded(table_, context_, [&] {
    source_.destroy(self_);
    return weir_code{WEIR_OK};
  });
  around_.end(code, "destroy");
  if (code >= 0) return;
  static constexpr std::string_view said = "destroy of the plugin failed, it may have lost something";
  table_.log(context_, WEIR_LOG_ERROR, {said.data(), said.size()});
}

bool reader::create() {
  around_.begin();
  const weir_code code =
      base::guarded(table_, context_, [&] { return source_.create(&table_, context_, plan_, &self_); });
  created_ = code >= 0;
  return around_.end(code, "create");
}

bool reader::open_split(std::uint32_t split, std::string_view id, std::string_view position) {
  around_.begin();
  const weir_code code = base::guarded(table_, context_, [&] {
    return source_.open_split(self_, context_, split, {id.data(), id.size()}, {position.data(), position.size()});
  });
  if (code >= 0) ++open_;
  return around_.end(code, "open_split");
}

poll_result reader::poll(std::int64_t wait_us) {
  around_.begin();
  const weir_code code = base::guarded(table_, context_, [&] { return source_.poll(self_, context_, wait_us); });
  if (!around_.end(code, "poll")) return poll_result::failed;
  if (code == WEIR_END) return poll_result::end;
  return code == WEIR_IDLE ? poll_result::nothing : poll_result::some;
}

bool reader::position(std::uint32_t split, std::string* out) {
  weir_bytes bytes;
  around_.begin();
  const weir_code code =
      base::guarded(table_, context_, [&] { return source_.position(self_, context_, split, &bytes); });
  *out = std::move(bytes.text);
  return around_.end(code, "position");
}

bool reader::committed(std::uint32_t split, std::string_view position) {
  if (!WEIR_HAS(&source_, weir_source, on_committed)) return true;
  around_.begin();
  const weir_code code = base::guarded(table_, context_, [&] {
    return source_.on_committed(self_, context_, split, {position.data(), position.size()});
  });
  return around_.end(code, "on_committed");
}

}  // namespace weir::source
