#pragma once
// Files of checksummed, compressed records: state blocks of a subtask, or the node snapshots of a cut. Layout:
// FORMAT.md. A file is written once, from start to end, and never changes.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/file_system.hpp"
#include "checkpoint/compression.hpp"
#include "checkpoint/manifest.hpp"

namespace weir::checkpoint {

/// What a file holds.
enum class content : std::uint8_t { state = 1, nodes = 2 };
/// What a record is.
enum class record_kind : std::uint8_t { state_block = 1, node = 2, blob = 3 };

using file_id = std::array<char, 16>;  ///< random; ties each frame to its file

struct block_file_facts {
  file_id id{};
  checkpoint::content content = checkpoint::content::state;
  std::uint64_t cut = 0;
  std::uint32_t subtask = 0;
  model::key_group_range key_groups;
};

enum class file_use : std::uint8_t {
  lasting,
  scratch,  ///< many at once, gone when the process is: less is held in memory, and nothing is synced
};

/// One thread at a time.
class block_file_writer {
 public:
  /// Creates `directory`/`name`. The file must not exist.
  static base::result<std::unique_ptr<block_file_writer>> create(base::file_system& fs, const std::string& directory,
                                                                 const std::string& name, const block_file_facts& facts,
                                                                 compression codec, file_use use = file_use::lasting);
  base::result<void> append(record_kind kind, std::string_view record);
  /// Writes the footer, syncs and closes. A failure of the sync is final. What a manifest says of the file.
  base::result<file_ref> finish();
  std::uint64_t raw_bytes() const { return raw_bytes_; }
  const std::string& name() const { return name_; }

 private:
  block_file_writer(std::string directory, std::string name, const block_file_facts& facts, compression codec,
                    file_use use);
  base::result<void> frame(record_kind kind, std::uint16_t flags, std::string_view raw);
  char* room(std::size_t bytes);
  base::result<void> flush();
  base::result<void> sync();

  std::string directory_, name_;
  block_file_facts facts_;
  compression codec_;
  file_use use_;
  std::unique_ptr<base::writable_file> file_;
  base::sha256 hash_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::uint64_t size_ = 0, frames_ = 0, raw_bytes_ = 0, stored_bytes_ = 0;
};

/// Reads a file's records in order, checking each. One thread at a time. Errors name the file and the place.
class block_file_reader {
 public:
  /// `expected` is what the manifest says: size, cut, subtask and key groups must agree.
  static base::result<std::unique_ptr<block_file_reader>> open(base::file_system& fs, const std::string& directory,
                                                               const file_ref& expected, content what);
  /// The next record into `record`; false: the end, and the footer agrees with what was read.
  base::result<bool> next(record_kind& kind, std::string& record);

 private:
  block_file_reader(std::string path, const file_ref& expected);
  base::result<void> header(content what);
  base::result<void> footer();
  base::result<std::string_view> take(std::size_t bytes);

  std::string path_;
  file_ref expected_;
  file_id id_{};
  std::unique_ptr<base::readable_file> file_;
  std::string buffer_, stored_;
  std::size_t at_ = 0, end_ = 0;  // of buffer_
  std::uint64_t offset_ = 0;      // in the file, of what comes next
  std::uint64_t frames_ = 0, raw_bytes_ = 0, stored_bytes_ = 0;
};

/// Hashes the whole file and compares its size and hash with `expected`.
base::result<void> verify_file(base::file_system& fs, const std::string& directory, const file_ref& expected);

}  // namespace weir::checkpoint
