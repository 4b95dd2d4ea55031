#include "file/output.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <vector>
#include <weir/failure.hpp>

namespace file {
namespace {

constexpr std::size_t block_size = 256 * 1024;
constexpr int gzip_level = 6, zstd_level = 3;

// Collects small writes.
class plain_output : public output {
 public:
  plain_output(int fd, std::string path) : fd_(fd), path_(std::move(path)) { block_.reserve(block_size); }
  void write(std::string_view bytes) override {
    if (block_.size() + bytes.size() > block_size) send();
    if (bytes.size() >= block_size)
      write_out(bytes);
    else
      block_.append(bytes);
  }
  void finish_part() override { send(); }
  std::uint64_t size() const override { return written_ + block_.size(); }

 private:
  void send() {
    write_out(block_);
    block_.clear();
  }
  void write_out(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) throw weir::external_failure(cannot_write(path_));
      bytes.remove_prefix(static_cast<std::size_t>(done));
      written_ += static_cast<std::uint64_t>(done);
    }
  }
  int fd_;
  std::string path_, block_;
  std::uint64_t written_ = 0;
};

class gzip_output : public output {
 public:
  gzip_output(int fd, const std::string& path) : raw_(fd, path), block_(block_size) {
    if (deflateInit2(&stream_, gzip_level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw weir::problem(WEIR_E_MEMORY, "no memory to compress " + path);
  }
  ~gzip_output() override { deflateEnd(&stream_); }
  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::string_view some = bytes.substr(0, 1u << 30);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(some.data()));
      stream_.avail_in = static_cast<uInt>(some.size());
      run(Z_NO_FLUSH);
      bytes.remove_prefix(some.size());
      begun_ = true;
    }
  }
  void finish_part() override {
    if (begun_) run(Z_FINISH);
    deflateReset(&stream_);
    begun_ = false;
    raw_.finish_part();
  }
  std::uint64_t size() const override { return raw_.size(); }

 private:
  void run(int how) {
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(block_.data());
      stream_.avail_out = static_cast<uInt>(block_.size());
      deflate(&stream_, how);
      raw_.write({block_.data(), block_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }
  plain_output raw_;
  std::vector<char> block_;
  z_stream stream_{};
  bool begun_ = false;
};

class zstd_output : public output {
 public:
  zstd_output(int fd, const std::string& path)
      : raw_(fd, path), path_(path), block_(block_size), stream_(ZSTD_createCCtx()) {
    if (!stream_) throw weir::problem(WEIR_E_MEMORY, "no memory to compress " + path);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, zstd_level);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
  }
  ~zstd_output() override { ZSTD_freeCCtx(stream_); }
  void write(std::string_view bytes) override {
    run(bytes, ZSTD_e_continue);
    begun_ = begun_ || !bytes.empty();
  }
  void finish_part() override {
    if (begun_) run({}, ZSTD_e_end);
    begun_ = false;
    raw_.finish_part();
  }
  std::uint64_t size() const override { return raw_.size(); }

 private:
  void run(std::string_view bytes, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{block_.data(), block_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(stream_, &out, &in, how);
      if (ZSTD_isError(left))
        throw weir::problem(WEIR_E_PLUGIN, "cannot compress " + path_ + ": " + ZSTD_getErrorName(left));
      raw_.write({block_.data(), out.pos});
      if (how == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
  }
  plain_output raw_;
  std::string path_;
  std::vector<char> block_;
  ZSTD_CCtx* stream_;
  bool begun_ = false;
};

// Feeds a file to a decoder, block by block: `take(block)` returns false when the data is broken.
template <class Take>
void feed(int fd, Take&& take) {
  std::vector<char> block(block_size);
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, block.data(), block.size(), at);
    if (got <= 0 || !take(std::string_view(block.data(), static_cast<std::size_t>(got)))) return;
    at += got;
  }
}

std::uint64_t whole_gzip_members(int fd) {
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return 0;
  std::vector<Bytef> sink(block_size);
  std::uint64_t seen = 0, whole = 0;
  feed(fd, [&](std::string_view block) {
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
    z.avail_in = static_cast<uInt>(block.size());
    while (z.avail_in > 0) {
      z.next_out = sink.data();
      z.avail_out = static_cast<uInt>(sink.size());
      const int code = inflate(&z, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        whole = seen + block.size() - z.avail_in;
        inflateReset(&z);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return false;
      }
    }
    seen += block.size();
    return true;
  });
  inflateEnd(&z);
  return whole;
}

std::uint64_t whole_zstd_frames(int fd) {
  ZSTD_DCtx* const z = ZSTD_createDCtx();
  std::vector<char> sink(block_size);
  std::uint64_t seen = 0, whole = 0;
  feed(fd, [&](std::string_view block) {
    ZSTD_inBuffer in{block.data(), block.size(), 0};
    for (bool more = true; more;) {
      ZSTD_outBuffer out{sink.data(), sink.size(), 0};
      const std::size_t left = ZSTD_decompressStream(z, &out, &in);
      if (ZSTD_isError(left)) return false;
      if (left == 0) whole = seen + in.pos;
      more = in.pos < in.size || out.pos == out.size;
    }
    seen += block.size();
    return true;
  });
  ZSTD_freeDCtx(z);
  return whole;
}

std::uint64_t whole_lines(int fd, std::uint64_t size) {
  std::string block;
  for (std::uint64_t end = size; end > 0;) {
    const auto some = static_cast<std::size_t>(end < block_size ? end : block_size);
    block.resize(some);
    if (::pread(fd, block.data(), some, static_cast<off_t>(end - some)) != static_cast<ssize_t>(some)) return size;
    if (const auto newline = block.rfind('\n'); newline != std::string::npos) return end - some + newline + 1;
    end -= some;
  }
  return 0;
}

}  // namespace

std::unique_ptr<output> open_output(int fd, const std::string& path, compression how) {
  if (how == compression::gzip) return std::make_unique<gzip_output>(fd, path);
  if (how == compression::zstd) return std::make_unique<zstd_output>(fd, path);
  return std::make_unique<plain_output>(fd, path);
}

std::uint64_t complete_prefix(int fd, const std::string& path, compression how, bool lines) {
  struct ::stat s {};
  if (::fstat(fd, &s) != 0) throw weir::external_failure(cannot("look at", path));
  if (how == compression::gzip) return whole_gzip_members(fd);
  if (how == compression::zstd) return whole_zstd_frames(fd);
  return lines ? whole_lines(fd, static_cast<std::uint64_t>(s.st_size)) : static_cast<std::uint64_t>(s.st_size);
}

std::string cannot_write(const std::string& path) {
  const int why = errno;
  std::string text = cannot("write", path);
  switch (why) {
    case ENOSPC:
    case EDQUOT:
      return text + ": free some space there, or let the option 'path' name another disk";
    case EROFS:
      return text + ": mount it for writing, or let the option 'path' name another folder";
    case EACCES:
    case EPERM:
      return text + ": give the user that runs weir the right to write there";
    case ENOENT:
    case ENOTDIR:
      return text + ": check the folder in the option 'path'";
    default:
      return text;
  }
}

}  // namespace file
