#include <lz4.h>
#include <zstd.h>

#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/seeded_bug.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/block_layout.hpp"
#include "checkpoint/bytes.hpp"
#include "checkpoint/crc32c.hpp"
#include "checkpoint/stride.hpp"

namespace weir::checkpoint {

using base::result;
using namespace layout;

namespace {

constexpr std::size_t flush_at = std::size_t{1} << 20, flush_scratch_at = std::size_t{64} << 10;

std::string_view view(const file_id& id) { return {id.data(), id.size()}; }

std::size_t bound(compression codec, std::size_t raw) {
  if (codec == compression::lz4)
    return std::max(stride::bound(raw), static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw))));
  if (codec == compression::zstd) return ZSTD_compressBound(raw);
  return raw;
}

/// Compressed size, or 0 when it did not work out: then it is stored as it is. codec: what was taken.
std::size_t compress(compression& codec, std::string_view raw, char* into, std::size_t room) {
  if (codec == compression::lz4) {
    if (const std::size_t length = stride::find(raw); length != 0) {
      const std::size_t n = stride::compress(raw, length, into);
      if (n <= raw.size() - raw.size() / 4) {
        codec = compression::stride;
        return n;
      }
    }
    const int n = LZ4_compress_default(raw.data(), into, static_cast<int>(raw.size()), static_cast<int>(room));
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (codec == compression::zstd) {
    const std::size_t n = ZSTD_compress(into, room, raw.data(), raw.size(), 1);
    return ZSTD_isError(n) ? 0 : n;
  }
  return 0;
}

}  // namespace

block_file_writer::block_file_writer(std::string directory, std::string name, const block_file_facts& facts,
                                     compression codec, file_use use)
    : directory_(std::move(directory)), name_(std::move(name)), facts_(facts), codec_(codec), use_(use) {}

result<std::unique_ptr<block_file_writer>> block_file_writer::create(base::file_system& fs,
                                                                     const std::string& directory,
                                                                     const std::string& name,
                                                                     const block_file_facts& facts, compression codec,
                                                                     file_use use) {
  std::unique_ptr<block_file_writer> writer(new block_file_writer(directory, name, facts, codec, use));
  writer->file_ = WEIR_TRY(fs.open_write(base::join_path(directory, name), base::open_write_how::create_new));
  char* h = writer->room(header_size);
  std::fill_n(h, header_size, '\0');
  file_magic.copy(h, 8);
  put<std::uint16_t>(h + 8, version);
  put<std::uint16_t>(h + 10, header_size);
  put<std::uint64_t>(h + 16, facts.cut);
  put<std::uint32_t>(h + 24, facts.subtask);
  put<std::uint32_t>(h + 28, facts.key_groups.begin);
  put<std::uint32_t>(h + 32, facts.key_groups.end);
  put<std::uint8_t>(h + 36, static_cast<std::uint8_t>(facts.content));
  view(facts.id).copy(h + 40, 16);
  put<std::uint32_t>(h + 60, crc32c(0, {h, 60}));
  writer->used_ += header_size;
  return writer;
}

char* block_file_writer::room(std::size_t bytes) {
  if (buffer_.size() < used_ + bytes) buffer_.resize(used_ + bytes);
  return buffer_.data() + used_;
}

result<void> block_file_writer::flush() {
  const std::string_view bytes(buffer_.data(), used_);
  hash_.add(bytes);
  size_ += used_;
  used_ = 0;
  return file_->append(bytes);
}

result<void> block_file_writer::append(record_kind kind, std::string_view record) {
  do {
    const std::string_view part = record.substr(0, max_frame);
    record.remove_prefix(part.size());
    WEIR_TRY(frame(kind, record.empty() ? 0 : frame_more, part));
  } while (!record.empty());
  return {};
}

result<void> block_file_writer::frame(record_kind kind, std::uint16_t flags, std::string_view raw) {
  const std::size_t limit = bound(codec_, raw.size());
  char* h = room(frame_size + std::max(limit, raw.size()));
  char* payload = h + frame_size;
  compression codec = codec_;
  std::size_t stored = compress(codec, raw, payload, limit);
  const bool smaller = stored != 0 && stored < raw.size() - raw.size() / 16;
  if (!smaller) {
    stored = raw.size();
    raw.copy(payload, raw.size());
  }
  std::fill_n(h, frame_size, '\0');
  put<std::uint32_t>(h, frame_magic);
  put<std::uint8_t>(h + 4, static_cast<std::uint8_t>(kind));
  put<std::uint8_t>(h + 5, static_cast<std::uint8_t>(smaller ? codec : compression::none));
  put<std::uint16_t>(h + 6, flags);
  put<std::uint32_t>(h + 8, static_cast<std::uint32_t>(stored));
  put<std::uint32_t>(h + 12, static_cast<std::uint32_t>(raw.size()));
  put<std::uint64_t>(h + 16, frames_);
  put<std::uint32_t>(h + 28, crc32c(crc32c(crc32c(0, view(facts_.id)), {h, 28}), {payload, stored}));
  used_ += frame_size + stored;
  ++frames_;
  raw_bytes_ += raw.size();
  stored_bytes_ += stored;
  return used_ >= (use_ == file_use::scratch ? flush_scratch_at : flush_at) ? flush() : result<void>();
}

result<void> block_file_writer::sync() {
  base::fault_point("files.written");
  auto synced = file_->sync();
  if (!synced && base::seeded_bug("retry_fsync")) return file_->sync();
  return synced;
}

result<file_ref> block_file_writer::finish() {
  char* f = room(footer_size);
  std::fill_n(f, footer_size, '\0');
  footer_magic.copy(f, 8);
  put<std::uint64_t>(f + 8, frames_);
  put<std::uint64_t>(f + 16, raw_bytes_);
  put<std::uint64_t>(f + 24, stored_bytes_);
  put<std::uint64_t>(f + 32, size_ + used_);
  put<std::uint32_t>(f + 44, crc32c(crc32c(0, view(facts_.id)), {f, 44}));
  used_ += footer_size;
  WEIR_TRY(flush());
  if (use_ == file_use::lasting) WEIR_TRY(sync());
  WEIR_TRY(file_->close());
  if (use_ == file_use::lasting) base::fault_point("files.synced");
  file_ref ref;
  ref.name = name_;
  ref.size = size_;
  ref.sha256 = base::to_hex(hash_.finish());
  ref.blocks = frames_;
  ref.raw_bytes = raw_bytes_;
  ref.cut = facts_.cut;
  ref.subtask = facts_.subtask;
  ref.key_groups = facts_.key_groups;
  return ref;
}

}  // namespace weir::checkpoint
