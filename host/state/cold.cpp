#include "state/cold.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>

#include "base/cat.hpp"
#include "base/file_system.hpp"

namespace weir::state {
namespace {

using base::result;

rocksdb::Slice slice(std::string_view v) { return {v.data(), v.size()}; }
std::string_view text_in(const rocksdb::Slice& v) { return {v.data(), v.size()}; }

base::error failed(const std::string& directory, std::string_view what, const rocksdb::Status& why) {
  return base::external_error(base::cat("cannot ", what, " the state that does not fit in memory: ", why.ToString(),
                                        "; free some space there, or raise the memory limit"),
                              directory, base::retry::from_checkpoint);
}

}  // namespace

struct cold_rows::impl {
  std::string directory;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::WriteBatch batch;
  rocksdb::WriteOptions write;
  rocksdb::ReadOptions read;
  rocksdb::Options options;
};

class cold_rows::snapshot {
 public:
  explicit snapshot(rocksdb::DB& db) : db_(db), at(db.GetSnapshot()) {}
  ~snapshot() { db_.ReleaseSnapshot(at); }
  snapshot(const snapshot&) = delete;
  snapshot& operator=(const snapshot&) = delete;

 private:
  rocksdb::DB& db_;

 public:
  const rocksdb::Snapshot* const at;
};

cold_rows::cold_rows(std::unique_ptr<impl> made) : impl_(std::move(made)) {}

cold_rows::~cold_rows() {
  impl_->db.reset();
  rocksdb::DestroyDB(impl_->directory, impl_->options).PermitUncheckedError();
}

result<std::unique_ptr<cold_rows>> cold_rows::open(const std::string& directory, std::uint64_t memory_bytes) {
  auto made = std::make_unique<impl>();
  made->directory = directory;
  rocksdb::Options& o = made->options;
  o.create_if_missing = true;
  // One cache for all of it: blocks, their indexes and filters, and the write buffers are counted in it.
  const auto cache = rocksdb::NewLRUCache(memory_bytes);
  o.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(memory_bytes / 2, cache);
  o.write_buffer_size = memory_bytes / 6;
  o.max_write_buffer_number = 3;
  o.compression = rocksdb::kLZ4Compression;
  // Rows come back one by one and leave in bulk: what counts is how often a row is written again, not how many runs are read in order.
  o.compaction_style = rocksdb::kCompactionStyleUniversal;
  o.memtable_whole_key_filtering = true;
  o.memtable_prefix_bloom_size_ratio = 0.05;
  o.max_background_jobs = 2;
  o.allow_mmap_reads = false;
  o.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  o.keep_log_file_num = 1;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  // A lookup asks the filter of each run: they stay, and are not looked for in the cache each time.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_cache_options = {rocksdb::PinningTier::kAll, rocksdb::PinningTier::kAll, rocksdb::PinningTier::kAll};
  table.block_size = 8 << 10;
  table.index_block_restart_interval = 4;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  made->write.disableWAL = true;
  rocksdb::DestroyDB(directory, o).PermitUncheckedError();
  // Those above it, too: the run's own directory is made when something has to go there. Open says so when one is not there.
  for (std::size_t at = directory.find('/', 1); at != std::string::npos; at = directory.find('/', at + 1))
    o.env->CreateDirIfMissing(directory.substr(0, at)).PermitUncheckedError();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(o, directory, &db);
  if (!opened.ok()) return failed(directory, "keep", opened);
  made->db.reset(db);
  return std::unique_ptr<cold_rows>(new cold_rows(std::move(made)));
}

void cold_rows::put(std::string_view key, std::string_view value) {
  impl_->batch.Put(slice(key), slice(value)).PermitUncheckedError();
}
void cold_rows::remove(std::string_view key) { impl_->batch.Delete(slice(key)).PermitUncheckedError(); }

void ordered_rows::put_in_order(cold_rows& to) {
  for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].end = i + 1 < rows_.size() ? rows_[i + 1].key : bytes_.size();
  const std::string_view all = bytes_;
  const auto key = [all](const row& r) { return all.substr(r.key, r.value - r.key); };
  std::sort(rows_.begin(), rows_.end(), [&](const row& a, const row& b) { return key(a) < key(b); });
  for (const row& r : rows_) to.put(key(r), all.substr(r.value, r.end - r.value));
}

result<void> cold_rows::flush() {
  if (impl_->batch.Count() == 0) return {};
  const rocksdb::Status s = impl_->db->Write(impl_->write, &impl_->batch);
  impl_->batch.Clear();
  if (!s.ok()) return failed(impl_->directory, "write", s);
  return {};
}

result<void> cold_rows::remove_prefix(std::string_view prefix) {
  WEIR_TRY(flush());
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  const rocksdb::Status s =
      impl_->db->DeleteRange(impl_->write, impl_->db->DefaultColumnFamily(), slice(prefix), slice(end));
  if (!s.ok()) return failed(impl_->directory, "write", s);
  return {};
}

result<void> cold_rows::get(const std::vector<std::string>& keys,
                            const std::function<void(std::size_t, std::string_view)>& found) {
  WEIR_TRY(flush());
  std::vector<rocksdb::Slice> wanted;
  for (const std::string& k : keys) wanted.push_back(slice(k));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> answers(keys.size());
  impl_->db->MultiGet(impl_->read, impl_->db->DefaultColumnFamily(), keys.size(), wanted.data(), values.data(),
                      answers.data());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (answers[i].IsNotFound()) continue;
    if (!answers[i].ok()) return failed(impl_->directory, "read", answers[i]);
    found(i, text_in(values[i]));
  }
  return {};
}

result<void> cold_rows::scan(const snapshot* of, std::string_view prefix, std::string_view from,
                             const std::function<bool(std::string_view, std::string_view)>& each) {
  WEIR_TRY(flush());
  rocksdb::ReadOptions how = impl_->read;
  if (of) how.snapshot = of->at;
  how.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(how));
  for (it->Seek(slice(from < prefix ? prefix : from)); it->Valid(); it->Next()) {
    if (!it->key().starts_with(slice(prefix)) || !each(text_in(it->key()), text_in(it->value()))) return {};
  }
  if (!it->status().ok()) return failed(impl_->directory, "read", it->status());
  return {};
}

std::shared_ptr<const cold_rows::snapshot> cold_rows::hold() { return std::make_shared<const snapshot>(*impl_->db); }

}  // namespace weir::state
