// What explain() found, as JSON for the socket and as lines for people.
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "control/why_no_output.hpp"

namespace weir::control {
namespace {

using json = nlohmann::json;

std::string text(const json& of, const char* key) {
  const auto found = of.find(key);
  return found != of.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string json_of(const silence& of) {
  json all{{"pipeline", of.pipeline}, {"flows", of.flows}, {"reasons", json::array()}};
  for (const silence_reason& r : of.reasons) {
    json one{{"kind", name_of(r.kind)}, {"what", r.what}};
    if (!r.sink.empty()) one["sink"] = r.sink;
    if (!r.at.empty()) one["at"] = r.at;
    if (!r.advice.empty()) one["advice"] = r.advice;
    if (r.watermark_us) one["watermark_us"] = *r.watermark_us;
    if (r.behind_us) one["behind_us"] = *r.behind_us;
    if (r.pending) one["pending"] = *r.pending;
    all["reasons"].push_back(std::move(one));
  }
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string silence_for_people(const std::string& of) {
  const auto all = json::parse(of, nullptr, false);
  std::string out;
  if (!all.is_object()) return out;
  for (const auto& sink : all.value("flows", json::array()))
    if (sink.is_string()) out += base::cat(sink.get<std::string>(), ": output flows\n");
  for (const auto& r : all.value("reasons", json::array())) {
    const auto sink = text(r, "sink");
    out += base::cat(sink, sink.empty() ? "" : ": ", text(r, "what"), "\n");
    if (const auto advice = text(r, "advice"); !advice.empty()) out += base::cat("  -> ", advice, "\n");
  }
  return out;
}

}  // namespace weir::control
