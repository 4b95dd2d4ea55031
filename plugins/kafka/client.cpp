#include "client.hpp"

#include <utility>

namespace kafka {

void news::error(rd_kafka_resp_err_t code, std::string why, bool fatal) {
  std::lock_guard lock(mutex_);
  if (fatal && fatal_.empty()) fatal_ = why;
  // librdkafka repeats "connection refused" for each broker and try: the first of a kind is enough.
  std::string text = std::string{rd_kafka_err2name(code)} + ": " + why;
  if (text == last_error_) return;
  last_error_ = text;
  if (lines_.size() < lines_max)
    lines_.push_back({fatal ? 3 : 4, std::move(text)});
  else
    ++dropped_;
}

void news::log(int level, std::string text) {
  std::lock_guard lock(mutex_);
  if (lines_.size() < lines_max)
    lines_.push_back({level, std::move(text)});
  else
    ++dropped_;
}

std::vector<news::line> news::take_lines() {
  std::lock_guard lock(mutex_);
  std::vector<line> out;
  out.swap(lines_);
  if (dropped_ > 0) out.push_back({4, std::to_string(dropped_) + " more messages of the Kafka client were dropped"});
  dropped_ = 0;
  return out;
}

std::string news::fatal() {
  std::lock_guard lock(mutex_);
  return fatal_;
}

void set(rd_kafka_conf_t* conf, const char* name, const std::string& value, const char* option) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    throw weir::config_error{option, why};
}

conf_ptr make_conf(const weir::config& c, news* to) {
  conf_ptr conf{rd_kafka_conf_new()};
  set(conf.get(), "client.id", "weir", "properties");
  const auto properties = c.at("properties");
  for (const auto& key : properties.keys()) {
    static constexpr const char* ours[] = {"bootstrap.servers", "enable.partition.eof", "enable.auto.commit",
                                           "enable.auto.offset.store", "metadata.broker.list"};
    for (const char* mine : ours)
      if (key == mine)
        throw weir::config_error{"properties." + key, "is set by weir itself; use `brokers` and `start`"};
    set(conf.get(), key.c_str(), properties.get<std::string>(key), ("properties." + key).c_str());
  }
  set(conf.get(), "bootstrap.servers", c.get<std::string>("brokers"), "brokers");
  rd_kafka_conf_set_opaque(conf.get(), to);
  if (!to) return conf;
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* k, int code, const char* why, void* opaque) {
    char text[512];
    const bool fatal = code == RD_KAFKA_RESP_ERR__FATAL;
    if (fatal) code = rd_kafka_fatal_error(k, text, sizeof text);
    static_cast<news*>(opaque)->error(static_cast<rd_kafka_resp_err_t>(code), fatal ? text : why, fatal);
  });
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t* k, int level, const char*, const char* text) {
    if (auto* said = static_cast<news*>(rd_kafka_opaque(k)); said && level <= 4) said->log(level, text);
  });
  return conf;
}

handle_ptr make_handle(rd_kafka_type_t type, conf_ptr conf) {
  char why[512];
  rd_kafka_t* made = rd_kafka_new(type, conf.get(), why, sizeof why);
  if (!made) throw weir::external_failure{std::string{"the Kafka client cannot be made: "} + why};
  conf.release();  // rd_kafka_new has taken it
  return handle_ptr{made};
}

}  // namespace kafka
