#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoder.hpp"
#include "shared/json/field_name.hpp"
#include "weir/column_writer.hpp"

namespace json {

using weir::json::field_name;

/// The quick way for ordinary records that stand one behind the other in memory. simdjson's first pass (where the
/// tokens begin, whether the text is UTF-8, whether strings end) costs as much to begin as to do, so it runs over a
/// block of records; one walk along the tokens then fills the columns. Whatever is not ordinary is false here and must
/// be read by record_reader, which knows the reasons: this class accepts a part of what that one accepts, with the same
/// values. [task]
class block_reader {
 public:
  /// The bytes of a block; small enough that text and tokens stay in the first caches, and one record that is not UTF-8
  /// sends no more than this to the slow way.
  static constexpr std::size_t block_bytes = 32 * 1024;

  /// `columns` must outlive it.
  block_reader(const std::vector<weir::field>& columns, const rules& how);
  ~block_reader();

  /// The first pass over `size` bytes, behind which 64 more may be read. False: read none of its records here.
  bool index(const char* text, std::size_t size);
  /// The record at [begin, end) of the text, records in rising order. False: the columns hold a part of it, take that
  /// back. writers[i] belongs to column i.
  template <class Writers>
  bool read(std::size_t begin, std::size_t end, Writers& writers);

 private:
  struct first_pass;
  struct member;
  struct shape {
    std::vector<member> members;
    std::uint64_t record = 0;  // number of the object that is read
  };
  struct member {
    const weir::field* what;
    field_name name;
    shape inner;             // of the record, also when it is a list's element
    std::uint64_t seen = 0;  // number of the object that had it last
  };
  static shape shape_of(const std::vector<weir::field>& fields);
  template <class Writers>
  bool object(shape& s, const std::uint32_t*& at, Writers& writers);
  bool value(member& m, const weir::field& what, const std::uint32_t*& at, weir::column_writer& to);
  bool text(const std::uint32_t* at, weir::column_writer& to);
  bool plain(const std::uint32_t* at, std::string_view& out) const;
  bool decimal(const weir::field& what, const std::uint32_t* at, weir::column_writer& to) const;
  bool skip(const std::uint32_t*& at) const;

  rules rules_;
  shape shape_;
  std::unique_ptr<first_pass> pass_;
  const char* data_ = nullptr;
  const std::uint32_t* next_ = nullptr;   // the first token that belongs to no record yet
  const std::uint32_t* limit_ = nullptr;  // behind the last token, where the text's size stands
  std::string bytes_;
};

}  // namespace json
