#include "client.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
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

std::optional<std::string> broker_setting(rd_kafka_t* client, const char* name, int wait_ms, std::string& why) {
  struct deleter {
    void operator()(rd_kafka_ConfigResource_t* r) const { rd_kafka_ConfigResource_destroy(r); }
    void operator()(rd_kafka_AdminOptions_t* o) const { rd_kafka_AdminOptions_destroy(o); }
    void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); }
  };
  why.clear();
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{wait_ms};
  const rd_kafka_metadata_t* raw = nullptr;
  if (const auto code = rd_kafka_metadata(client, 0, nullptr, &raw, wait_ms); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    why = rd_kafka_err2str(code);
    return std::nullopt;
  }
  const metadata_ptr metadata{raw};
  if (raw->broker_cnt == 0) return std::nullopt;
  const std::unique_ptr<rd_kafka_ConfigResource_t, deleter> broker{
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, std::to_string(raw->brokers[0].id).c_str())};
  const std::unique_ptr<rd_kafka_AdminOptions_t, deleter> options{
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)};
  const auto left = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count());
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(left, 1), text, sizeof text);
  const queue_ptr answers{rd_kafka_queue_new(client)};
  rd_kafka_ConfigResource_t* one = broker.get();
  rd_kafka_DescribeConfigs(client, &one, 1, options.get(), answers.get());
  const std::unique_ptr<rd_kafka_event_t, deleter> answer{rd_kafka_queue_poll(answers.get(), std::max(left, 1))};
  const auto* result = answer ? rd_kafka_event_DescribeConfigs_result(answer.get()) : nullptr;
  if (!result) return std::nullopt;
  std::size_t count = 0, entries = 0;
  const auto resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count == 0) return std::nullopt;
  const auto all = rd_kafka_ConfigResource_configs(resources[0], &entries);
  for (std::size_t i = 0; i < entries; ++i)
    if (std::string_view{rd_kafka_ConfigEntry_name(all[i])} == name)
      if (const char* value = rd_kafka_ConfigEntry_value(all[i])) return value;
  return std::nullopt;
}

void standstill::look() {
  const auto now = std::chrono::steady_clock::now();
  const int left = rd_kafka_outq_len(producer_);
  if (left < left_) {
    left_ = left;
    since_ = now;
  }
  if (left > 0 && now - since_ >= patience)
    throw weir::external_failure{"no record was acknowledged for " + std::to_string(patience.count()) + " s, " +
                                 std::to_string(left) + " wait; check `brokers` and that the broker runs"};
}

handle_ptr make_handle(rd_kafka_type_t type, conf_ptr conf) {
  char why[512];
  rd_kafka_t* made = rd_kafka_new(type, conf.get(), why, sizeof why);
  if (!made) throw weir::external_failure{std::string{"the Kafka client cannot be made: "} + why};
  conf.release();  // rd_kafka_new has taken it
  return handle_ptr{made};
}

}  // namespace kafka
