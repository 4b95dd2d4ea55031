// The files of one subtask of a sink, one after the other. Until a file is complete it is hidden (".name.part"); then it gets its name
// in one step, so whoever looks at the folder sees complete files only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "file/output.hpp"

namespace file {

struct roller_settings {
  std::string path;  // with {subtask}, {seq}, {date}
  compression how = compression::none;
  std::uint64_t max_bytes = 0;       // 0: no limit
  std::int64_t max_interval_us = 0;  // 0: no limit
  bool replace = false;              // a file of this name that is there already
  bool lines = true;                 // the bytes are lines
};

// What a template's placeholders stand for. An error text for a template that cannot work, empty: it can.
std::string check_template(const roller_settings&);
std::string fill_template(std::string_view path, std::uint32_t subtask, std::uint64_t sequence, std::int64_t now_us);

class roller {
 public:
  // Completes what an earlier run of this subtask left hidden, because its data was promised to be safe; without {seq} in the path goes
  // on in that file.
  // Throws external_failure when it cannot.
  roller(roller_settings, std::uint32_t subtask, std::uint32_t parallelism);
  ~roller();
  roller(const roller&) = delete;
  roller& operator=(const roller&) = delete;

  // Names of the files that the constructor found.
  const std::string& recovered() const { return recovered_; }

  // Opens a file when none is open.
  void write(std::string_view bytes, std::int64_t now_us);
  // After a batch: gives the file its name when it is large or old enough.
  void roll_if_due(std::int64_t now_us);
  // What was written is safe on the disk.
  void sync();
  // The same, and the file gets its name.
  void finish();

  std::uint64_t files() const { return files_; }

 private:
  void open(std::int64_t now_us);
  void recover(std::uint32_t parallelism);
  void complete(const std::string& part, const std::string& name);

  roller_settings settings_;
  std::uint32_t subtask_;
  std::uint64_t sequence_ = 0;
  std::string name_, part_;  // of the open file
  handle file_;
  std::unique_ptr<output> out_;
  std::int64_t opened_us_ = 0;
  std::uint64_t files_ = 0;
  std::string recovered_;
};

}  // namespace file
