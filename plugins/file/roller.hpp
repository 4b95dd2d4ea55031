// The files of one subtask of a sink that delivers at least once, one after the other. Until a file is complete it is hidden
// (".name.part"); then it gets its name in one step, so whoever looks at the folder sees complete files only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "file/writer.hpp"

namespace file {

class roller : public writer {
 public:
  // Completes what an earlier run of this subtask left hidden, because its data was promised to be safe; without {seq} in the path goes
  // on in that file.
  // Throws external_failure when it cannot.
  roller(writer_settings, std::uint32_t subtask, std::uint32_t parallelism);
  ~roller() override;

  // Names of the files that the constructor found.
  const std::string& recovered() const { return recovered_; }

  void write(std::string_view bytes, std::int64_t now_us) override;
  void roll_if_due(std::int64_t now_us) override;
  void flush(bool ended) override;
  std::uint64_t files() const override { return files_; }

 private:
  // What was written is safe on the disk.
  void sync();
  // The same, and the file gets its name.
  void finish();
  void open(std::int64_t now_us);
  void recover(std::uint32_t parallelism);
  void complete(const std::string& part, const std::string& name);

  writer_settings settings_;
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
