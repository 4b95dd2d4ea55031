// The files of one subtask of a sink that delivers exactly once. What is written between two cuts is hidden until the second one is
// complete, and then appears whole, in one step a file:
//
//   write ... | prepare: closed and synced | commit: .name.ID.part --> name
//
// A hidden name says whose it is (the hash of pipeline and sink, the subtask) and behind which cut it was begun. So after a crash what
// came behind the restored cut is found and removed, also when it is another parallelism's, and what belongs to it is left alone. A path
// without {seq} means one file: it goes on over the cuts, hidden, and gets its name with the last one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "file/prepared.hpp"
#include "file/writer.hpp"

namespace file {

// Who writes.
struct identity {
  std::string pipeline, sink;
  std::uint32_t subtask = 0, parallelism = 1;
};

class epoch_files : public writer {
 public:
  epoch_files(writer_settings, identity);
  ~epoch_files() override;

  void write(std::string_view bytes, std::int64_t now_us) override;
  void roll_if_due(std::int64_t now_us) override;
  // Nothing: what is handed on is handed on at the cut.
  void flush(bool) override {}
  std::uint64_t files() const override { return files_; }

  // What was written since the last cut is on the disk when this returns. last: nothing more comes, also the only file is closed.
  void prepare(std::uint64_t cut, bool last, std::string& to);
  // Gives the files their names. Again: nothing more happens.
  void commit(std::string_view prepared);
  // They become part of the next cut.
  void abort(std::string_view prepared);
  // Before the first write, once for each old subtask. Empty: there is nothing of this sink in the cut.
  void recover(std::uint64_t cut, std::string_view prepared);
  // Before the first write, instead of recover: goes on behind the cut of another instance of this process, which gives its files their
  // names itself.
  void take_over(std::uint64_t cut, std::string_view prepared);

 private:
  void open(std::int64_t now_us);
  void sync();
  void close();
  void begin();
  void remove_leftovers();
  void go_on_in(const prepared_file&);
  void publish(const prepared_file&, bool recovering);
  void sync_folders();

  writer_settings settings_;
  identity who_;
  std::string mark_;  // of this sink, in hidden names
  std::string life_;  // of this instance: two of them never write into one hidden file
  bool many_;         // the path has {seq}
  bool begun_ = false;
  std::uint64_t restored_ = 0;  // the cut that was restored; 0: none
  std::uint64_t epoch_ = 0;     // the newest cut that was prepared or restored
  std::uint64_t sequence_ = 0;
  prepared_file now_;  // what is open
  handle file_;
  std::unique_ptr<output> out_;
  std::uint64_t before_ = 0;  // bytes of the open file that were there when it was opened
  std::int64_t opened_us_ = 0;
  std::vector<prepared_file> closed_;  // not in a cut yet
  std::vector<prepared_file>
      carried_;  // the only files of old subtasks that are no more: they get their names at the end
  std::vector<std::string> folders_;  // to sync
  std::uint64_t files_ = 0;
};

}  // namespace file
