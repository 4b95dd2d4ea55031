#include <lz4.h>
#include <zstd.h>

#include <algorithm>

#include "base/cat.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/block_layout.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/crc32c.hpp"
#include "checkpoint/stride.hpp"

namespace weir::checkpoint {

using base::cat;
using base::result;
using namespace layout;

namespace {

constexpr std::size_t read_at_once = std::size_t{1} << 20;

bool decompress(compression codec, std::string_view stored, char* into, std::size_t raw) {
  if (codec == compression::lz4)
    return LZ4_decompress_safe(stored.data(), into, static_cast<int>(stored.size()), static_cast<int>(raw)) ==
           static_cast<int>(raw);
  if (codec == compression::stride) return stride::decompress(stored, into, raw);
  if (codec == compression::zstd) return ZSTD_decompress(into, raw, stored.data(), stored.size()) == raw;
  if (codec != compression::none || stored.size() != raw) return false;
  stored.copy(into, raw);
  return true;
}

result<std::unique_ptr<base::readable_file>> open_sized(base::file_system& fs, const std::string& path,
                                                        const file_ref& expected) {
  if (!WEIR_TRY(fs.exists(path))) return damaged(path, "it is missing");
  auto file = WEIR_TRY(fs.open_read(path));
  const auto info = WEIR_TRY(file->info());
  if (info.kind != base::file_kind::regular) return damaged(path, "it is not a file");
  if (info.size != expected.size)
    return damaged(path, cat("it has ", info.size, " bytes where the manifest says ", expected.size));
  return file;
}

}  // namespace

block_file_reader::block_file_reader(std::string path, const file_ref& expected)
    : path_(std::move(path)), expected_(expected) {}

result<std::unique_ptr<block_file_reader>> block_file_reader::open(base::file_system& fs, const std::string& directory,
                                                                   const file_ref& expected, content what) {
  std::unique_ptr<block_file_reader> reader(new block_file_reader(base::join_path(directory, expected.name), expected));
  reader->file_ = WEIR_TRY(open_sized(fs, reader->path_, expected));
  WEIR_TRY(reader->header(what));
  return reader;
}

/// The next `bytes` bytes of the file; they live until the next call.
result<std::string_view> block_file_reader::take(std::size_t bytes) {
  if (end_ - at_ < bytes) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_.begin());
    end_ -= at_;
    at_ = 0;
    if (buffer_.size() < std::max(bytes, read_at_once)) buffer_.resize(std::max(bytes, read_at_once));
    while (end_ < bytes) {
      const std::size_t n = WEIR_TRY(file_->read(std::span<char>(buffer_).subspan(end_)));
      if (n == 0) return damaged(path_, cat("it ends at byte ", offset_ + end_, " inside of a block"));
      end_ += n;
    }
  }
  const std::string_view view(buffer_.data() + at_, bytes);
  at_ += bytes;
  offset_ += bytes;
  return view;
}

result<void> block_file_reader::header(content what) {
  if (expected_.size < header_size + footer_size) return damaged(path_, "it is too short");
  const std::string_view h = WEIR_TRY(take(header_size));
  if (h.substr(0, 8) != file_magic) return damaged(path_, "it does not start as a file of blocks");
  if (get<std::uint32_t>(h.data() + 60) != crc32c(0, h.substr(0, 60)))
    return damaged(path_, "the checksum of its header does not match");
  if (get<std::uint16_t>(h.data() + 8) != version)
    return too_new(path_,
                   cat("its format version is ", get<std::uint16_t>(h.data() + 8), ", this weir reads ", version));
  if (get<std::uint32_t>(h.data() + 12) & file_encrypted)
    return too_new(path_, "it is encrypted, which this weir cannot read");
  const model::key_group_range groups{get<std::uint32_t>(h.data() + 28), get<std::uint32_t>(h.data() + 32)};
  if (get<std::uint64_t>(h.data() + 16) != expected_.cut || get<std::uint32_t>(h.data() + 24) != expected_.subtask ||
      groups != expected_.key_groups || get<std::uint8_t>(h.data() + 36) != static_cast<std::uint8_t>(what))
    return damaged(path_, cat("it is another file than the manifest means: of cut ", get<std::uint64_t>(h.data() + 16),
                              ", subtask ", get<std::uint32_t>(h.data() + 24)));
  h.copy(id_.data(), id_.size(), 40);
  return {};
}

result<bool> block_file_reader::next(record_kind& kind, std::string& record) {
  record.clear();
  for (bool more = false;;) {
    if (offset_ + footer_size == expected_.size && !more) {
      WEIR_TRY(footer());
      return false;
    }
    const std::string place = cat("block ", frames_, " at byte ", offset_);
    const std::uint64_t room = expected_.size - footer_size - offset_;
    if (room < frame_size) return damaged(path_, cat(place, ": it is cut short"));
    char h[frame_size];
    WEIR_TRY(take(frame_size)).copy(h, frame_size);
    const auto codec = static_cast<compression>(get<std::uint8_t>(h + 5));
    const auto flags = get<std::uint16_t>(h + 6);
    const auto stored = get<std::uint32_t>(h + 8), raw = get<std::uint32_t>(h + 12);
    if (get<std::uint32_t>(h) != frame_magic || stored > room - frame_size || raw > max_frame)
      return damaged(path_, cat(place, ": its header is wrong"));
    const std::string_view payload = WEIR_TRY(take(stored));
    if (get<std::uint32_t>(h + 28) != crc32c(crc32c(crc32c(0, {id_.data(), id_.size()}), {h, 28}), payload))
      return damaged(path_, cat(place, ": its checksum does not match"));
    if (get<std::uint64_t>(h + 16) != frames_) return damaged(path_, cat(place, ": it stands in the wrong place"));
    if (flags & frame_encrypted) return too_new(path_, cat(place, ": it is encrypted, which this weir cannot read"));
    const auto this_kind = static_cast<record_kind>(get<std::uint8_t>(h + 4));
    if (more && this_kind != kind) return damaged(path_, cat(place, ": a record goes on with another kind"));
    kind = this_kind;
    const std::size_t before = record.size();
    record.resize(before + raw);
    if (!decompress(codec, payload, record.data() + before, raw))
      return damaged(path_, cat(place, ": it does not decompress to ", raw, " bytes"));
    ++frames_;
    raw_bytes_ += raw;
    stored_bytes_ += stored;
    more = flags & frame_more;
    if (!more) return true;
  }
}

result<void> block_file_reader::footer() {
  const std::uint64_t at = offset_;
  const std::string_view f = WEIR_TRY(take(footer_size));
  if (f.substr(0, 8) != footer_magic ||
      get<std::uint32_t>(f.data() + 44) != crc32c(crc32c(0, {id_.data(), id_.size()}), f.substr(0, 44)))
    return damaged(path_, "the checksum of its footer does not match");
  if (get<std::uint64_t>(f.data() + 8) != frames_ || get<std::uint64_t>(f.data() + 16) != raw_bytes_ ||
      get<std::uint64_t>(f.data() + 24) != stored_bytes_ || get<std::uint64_t>(f.data() + 32) != at)
    return damaged(path_,
                   cat("its footer counts ", get<std::uint64_t>(f.data() + 8), " blocks, ", frames_, " are there"));
  return {};
}

result<void> verify_file(base::file_system& fs, const std::string& directory, const file_ref& expected) {
  const std::string path = base::join_path(directory, expected.name);
  auto file = WEIR_TRY(open_sized(fs, path, expected));
  if (base::to_hex(WEIR_TRY(base::sha256_of(*file))) != expected.sha256)
    return damaged(path, "its content is not what the manifest says (SHA-256)");
  return {};
}

}  // namespace weir::checkpoint
