#include "lookup/stream.hpp"

#include <cstring>
#include <optional>

namespace lookup {
namespace {

constexpr std::int64_t rows_together = 4096;  // of held rows, in a batch

void put(std::string& to, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  to.append(reinterpret_cast<const char*>(&size), sizeof size);
  to.append(bytes);
}
void put(std::string& to, std::uint64_t n) { to.append(reinterpret_cast<const char*>(&n), sizeof n); }

[[noreturn]] void cut_off() { throw weir::plugin_error{"what the checkpoint holds of the table is cut off"}; }
std::string_view take(std::string_view& from, std::size_t size) {
  if (from.size() < size) cut_off();
  const auto out = from.substr(0, size);
  from.remove_prefix(size);
  return out;
}
template <class T>
T take_number(std::string_view& from) {
  T n;
  std::memcpy(&n, take(from, sizeof n).data(), sizeof n);
  return n;
}
std::string_view take_bytes(std::string_view& from) { return take(from, take_number<std::uint32_t>(from)); }

}  // namespace

stream::stream(const weir::config& c)
    : enrichment{c},
      waits_{c.get<std::string>("wait") == "end"},
      wait_us_{c.get<weir::duration>("wait_at_most").count()},
      wait_rows_{c.get<std::int64_t>("wait_rows")},
      deleted_{c.get("deleted", std::string{})} {
  if (wait_us_ < 0) throw c.error("wait_at_most", "must not be negative");
  if (wait_rows_ < 1) throw c.error("wait_rows", "must be at least 1");
}

void stream::bind(weir::binder& b) {
  const weir::schema& table = b.input(1);
  deleted_column_ = -1;
  if (!deleted_.empty()) {
    deleted_column_ = table.find(deleted_);
    if (deleted_column_ < 0)
      b.error(WEIR_E_CONFIG, "deleted", "the table has no column '" + deleted_ + "'" + table.hint(deleted_));
    else if (table[static_cast<std::size_t>(deleted_column_)].kind != weir::type::boolean)
      b.error(WEIR_E_CONFIG, "deleted", "column '" + deleted_ + "' is no bool");
  }
  if (!bind_to(b, 0, table)) return;
  table_keys_.bind(table, key_columns());
  index_ = key_index{hash_is_key()};
  added_ = new_cells();
  held_.bind(b.input(0).fields);
  ready_ = !waits_;
}

void stream::open() { ready_at_us_ = wait_us_ == 0 ? INT64_MAX : weir::detail::micros(now()) + wait_us_; }

void stream::process(const weir::batch_view& batch, weir::batch_output& out) {
  if (batch.port() == 1) {
    change_table(batch, out);
    return look_at_clock(out);
  }
  look_at_clock(out);
  keys_.load(batch);
  if (ready_) {
    index_.find_all(keys_.all(), keys_.hashes(), slots_);
    return send(batch, added_, slots_.data(), out);
  }
  if (static_cast<std::int64_t>(held_.size()) + batch.row_count() > wait_rows_)
    throw weir::plugin_error{
        "more than `wait_rows` (" + std::to_string(wait_rows_) +
        ") rows wait for the table's input to end: raise it, or set wait = \"no\" or wait_at_most"};
  for (std::int64_t k = 0; k < batch.row_count(); ++k)
    held_.hold(batch, batch.row(k), keys_[static_cast<std::size_t>(k)]);
}

void stream::change_table(const weir::batch_view& batch, weir::batch_output& out) {
  table_keys_.load(batch);
  std::vector<weir::column_view> from;
  for (const std::size_t c : added_columns()) from.push_back(batch.at(c));
  for (std::int64_t k = 0; k < batch.row_count(); ++k) {
    const std::uint32_t row = batch.row(k);
    const std::string_view key = table_keys_[static_cast<std::size_t>(k)];
    const std::uint64_t hash = table_keys_.hashes()[static_cast<std::size_t>(k)];
    if (!key.data()) {
      // Every subtask sees this row; one of them says so.
      if (where().subtask == 0) out.dead_letter(batch, row, "a column of the table's key is null");
      continue;
    }
    bool gone = batch.change(row) == weir::change_kind::erase || batch.change(row) == weir::change_kind::update_before;
    if (deleted_column_ >= 0) {
      const auto deleted = batch.at(static_cast<std::size_t>(deleted_column_));
      gone = gone || (!deleted.null(row) && deleted.boolean(row));
    }
    if (gone) {
      if (const auto slot = index_.find(key, hash); slot != no_slot) index_.erase(slot);
      continue;
    }
    const auto slot = index_.insert(key, hash).first;
    for (std::size_t i = 0; i < added_.size(); ++i) {
      added_[i].at(slot);
      added_[i].copy(from[i], row);
    }
  }
}

void stream::look_at_clock(weir::batch_output& out) {
  if (ready_ || weir::detail::micros(now()) < ready_at_us_) return;
  log(weir::log_level::warn, "the table's input has not ended within `wait_at_most`: rows go on with the " +
                                 std::to_string(index_.size()) + " keys that are there");
  let_go(out);
}
void stream::on_watermark(weir::time, weir::batch_output& out) { look_at_clock(out); }
void stream::flush(weir::batch_output& out) { look_at_clock(out); }

void stream::end_of_port(std::uint32_t port, weir::batch_output& out) {
  if (port == 1 && !ready_) let_go(out);
}

void stream::let_go(weir::batch_output& out) {
  ready_ = true;
  const std::size_t own = held_.size();
  for (std::size_t begin = 0; begin < own;) {
    auto found = out.build(0, rows_together);
    std::optional<weir::batch_builder> lost;
    if (sends_missing()) lost.emplace(out.build(1, rows_together));
    std::int64_t found_count = 0, missing_count = 0;
    for (; begin < own && found_count + missing_count < rows_together; ++begin) {
      const std::string_view key = held_.key(begin);
      const auto slot = key.data() ? index_.find(key, hash_of(key)) : no_slot;
      ++(slot == no_slot ? misses_ : hits_);
      if (slot == no_slot && lost) {
        held_.write(begin, *lost, missing_count++);
      } else if (slot != no_slot || sends_nulls()) {
        held_.write(begin, found, found_count++);
        const std::size_t first = found.column_count() - added_.size();
        for (std::size_t i = 0; i < added_.size(); ++i) added_[i].gather_one(slot, found[first + i]);
      }
    }
    if (found_count) found.emit(found_count);
    if (missing_count) lost->emit(missing_count);
  }
  held_.clear();
}

std::string stream::layout() const {
  std::string out;
  for (const auto& f : table_keys_.fields()) out += "key " + f.name + " " + to_string(f) + "\n";
  for (const auto& c : added_) out += c.of().name + " " + to_string(c.of()) + "\n";
  return out;
}

void stream::save(std::string& to) const {
  put(to, layout());
  put(to, std::uint64_t{where().subtask});
  put(to, std::uint64_t{ready_});
  put(to, std::uint64_t{index_.size()});
  for (std::uint32_t slot = 0; slot < index_.slot_count(); ++slot) {
    if (!index_.used(slot)) continue;
    put(to, index_.key(slot));
    for (const cells& c : added_) c.save(to, slot);
  }
  put(to, std::uint64_t{held_.size()});
  for (std::size_t i = 0; i < held_.size(); ++i) put(to, held_.bytes(i));
}

void stream::restore(std::string_view saved) {
  if (const auto kept = take_bytes(saved); kept != layout())
    throw weir::config_error{"add", "the checkpoint holds the table with other columns:\n" + std::string{kept} +
                                        "Now they are:\n" + layout() +
                                        "Keep them as they were, or start anew and read the table again"};
  const auto subtask = take_number<std::uint64_t>(saved);
  const bool ready = take_number<std::uint64_t>(saved) != 0;
  // All had seen the table's stream up to the same barrier, but wait_at_most may have passed for some of them only: what
  // the others hold must still be let go.
  ready_ = restored_ ? ready_ && ready : ready;
  restored_ = true;
  for (auto left = take_number<std::uint64_t>(saved); left != 0; --left) {
    const auto key = take_bytes(saved);
    const auto slot = index_.insert(key, hash_of(key)).first;
    for (cells& c : added_) {
      c.at(slot);
      if (!c.restore(saved)) cut_off();
    }
  }
  // Held rows are their subtask's own; of a subtask that is no more, that of the one in its place.
  const bool own = subtask % where().parallelism == where().subtask;
  for (auto left = take_number<std::uint64_t>(saved); left != 0; --left)
    if (const auto row = take_bytes(saved); own) held_.add(row);
}

void stream::report(weir::figures& f) {
  f.add("hits", hits_);
  f.add("misses", misses_);
  f.add("table_rows", index_.size());
  f.add("waiting", held_.size());
}

}  // namespace lookup
