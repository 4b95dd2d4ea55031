#include "file/input.hpp"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>
#include <weir/failure.hpp>

namespace file {
namespace {

constexpr std::size_t compressed_block = 128 * 1024;

// Reads at a position of its own, so that the descriptor can be shared and a growing file needs no seek.
class plain : public input {
 public:
  plain(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  std::size_t read(char* to, std::size_t most) override {
    for (;;) {
      ssize_t got = seekable_ ? ::pread(fd_, to, most, static_cast<off_t>(position_)) : ::read(fd_, to, most);
      if (got < 0 && errno == ESPIPE) {
        seekable_ = false;  // a pipe
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw weir::external_failure(cannot("read", path_));
      position_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }
  void seek(std::uint64_t position) override { position_ = position; }

 private:
  int fd_;
  std::string path_;
  std::uint64_t position_ = 0;
  bool seekable_ = true;
};

class compressed : public input {
 public:
  compressed(int fd, std::string path) : raw_(fd, path), path_(std::move(path)), block_(compressed_block) {}
  void seek(std::uint64_t position) override {
    std::vector<char> skipped(compressed_block);
    while (position_ < position) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(skipped.size(), position - position_));
      if (read(skipped.data(), most) == 0)
        throw weir::problem(WEIR_E_DATA, path_ + " has only " + std::to_string(position_) +
                                             " bytes, but was read up to " + std::to_string(position) +
                                             ": it is not the file that was read before");
    }
  }

 protected:
  // More compressed bytes; false: the file has no more.
  bool refill() {
    at_ = 0;
    filled_ = raw_.read(block_.data(), block_.size());
    consumed_ += filled_;
    return filled_ > 0;
  }
  [[noreturn]] void broken(const std::string& why) const {
    throw weir::problem(
        WEIR_E_DATA, path_ + " cannot be uncompressed, at byte " + std::to_string(consumed_ - (filled_ - at_)) + " (" +
                         std::to_string(position_) + " uncompressed): " + why + ": restore the file, or move it away");
  }
  plain raw_;
  std::string path_;
  std::vector<char> block_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t consumed_ = 0, position_ = 0;
};

class gzip : public compressed {
 public:
  gzip(int fd, const std::string& path) : compressed(fd, path) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw weir::problem(WEIR_E_MEMORY, "no memory to uncompress " + path);
  }
  ~gzip() override { inflateEnd(&stream_); }
  std::size_t read(char* to, std::size_t most) override {
    most = std::min<std::size_t>(most, 1u << 30);
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(most);
    while (stream_.avail_out == most) {
      if (at_ == filled_ && !refill()) {
        if (inside_) broken("the file is cut off");
        return 0;
      }
      if (!inside_ && began_ && block_[at_] == 0) {  // padding behind the last member, as tape tools write it
        ++at_;
        continue;
      }
      inside_ = began_ = true;
      stream_.next_in = reinterpret_cast<Bytef*>(block_.data() + at_);
      stream_.avail_in = static_cast<uInt>(filled_ - at_);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      at_ = filled_ - stream_.avail_in;
      if (code == Z_STREAM_END) {  // the end of a member: another may follow
        inside_ = false;
        inflateReset(&stream_);
      } else if (code == Z_MEM_ERROR) {
        throw weir::problem(WEIR_E_MEMORY, "no memory to uncompress " + path_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        broken(stream_.msg ? stream_.msg : "the data is broken");
      }
    }
    const std::size_t got = most - stream_.avail_out;
    position_ += got;
    return got;
  }

 private:
  z_stream stream_{};
  bool inside_ = false, began_ = false;
};

class zstd : public compressed {
 public:
  zstd(int fd, const std::string& path) : compressed(fd, path), stream_(ZSTD_createDStream()) {
    if (!stream_) throw weir::problem(WEIR_E_MEMORY, "no memory to uncompress " + path);
  }
  ~zstd() override { ZSTD_freeDStream(stream_); }
  std::size_t read(char* to, std::size_t most) override {
    ZSTD_outBuffer out{to, most, 0};
    while (out.pos == 0) {
      if (at_ == filled_ && !more_inside_ && !refill()) {
        if (inside_) broken("the file is cut off");
        return 0;
      }
      ZSTD_inBuffer in{block_.data(), filled_, at_};
      const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left)) broken(ZSTD_getErrorName(left));
      at_ = in.pos;
      inside_ = left != 0;
      more_inside_ = inside_ && out.pos == out.size;  // the decoder may hold more than fitted
    }
    position_ += out.pos;
    return out.pos;
  }

 private:
  ZSTD_DStream* stream_;
  bool inside_ = false, more_inside_ = false;
};

}  // namespace

handle::~handle() {
  if (fd_ >= 0) ::close(fd_);
}

compression detect(int fd) {
  unsigned char head[4] = {};
  const ssize_t got = ::pread(fd, head, sizeof head, 0);
  if (got >= 2 && head[0] == 0x1f && head[1] == 0x8b) return compression::gzip;
  if (got == 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd) return compression::zstd;
  return compression::none;
}

std::unique_ptr<input> open_input(int fd, const std::string& path, compression how) {
  if (how == compression::gzip) return std::make_unique<gzip>(fd, path);
  if (how == compression::zstd) return std::make_unique<zstd>(fd, path);
  return std::make_unique<plain>(fd, path);
}

std::string cannot(const char* what, const std::string& path) {
  const int why = errno;
  return std::string("cannot ") + what + " " + path + ": " + std::strerror(why);
}

}  // namespace file
