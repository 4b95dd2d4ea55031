// One call of the host into a checked plugin: what is lent for its time, and what is looked at when it returns.
#ifndef WEIR_TESTING_CHECK_RUNNING_HPP
#define WEIR_TESTING_CHECK_RUNNING_HPP

#include <cstring>

#include "check_state.hpp"
#include "weir/test/memory.hpp"

namespace weir::test::check {

// A batch in memory of its own, which is overwritten and freed when it goes.
class batch_copy {
 public:
  batch_copy(const schema& columns, const weir_batch& from, subtask* s) {
    const auto rows = static_cast<std::size_t>(from.length);
    out_ = from;
    out_.struct_size = sizeof out_;
    out_.rows = copy(from.rows, static_cast<std::size_t>(from.row_count));
    out_.event_time = copy(from.event_time, rows);
    out_.key_hash = copy(from.key_hash, rows);
    out_.change = copy(from.change, rows);
    out_.trace_id = copy(from.trace_id, rows * 16);
    out_.source_id = copy(from.source_id, rows);
    out_.offset = copy(from.offset, rows);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns_.push_back(owned_column::copy(columns[i], *from.columns[i], from.length, 64, &released, s));
      pointers_.push_back(&columns_.back()->array());
    }
    const auto size = pointers_.size() * sizeof(void*);
    block list{size};
    if (size) std::memcpy(list.data(), pointers_.data(), size);
    out_.columns = reinterpret_cast<const ArrowArray* const*>(list.data());
    blocks_.push_back(std::move(list));
  }
  [[nodiscard]] const weir_batch& get() const { return out_; }

 private:
  template <class T>
  const T* copy(const T* from, std::size_t count) {
    if (!from) return nullptr;
    block b{count * sizeof(T)};
    if (count) std::memcpy(b.data(), from, count * sizeof(T));
    blocks_.push_back(std::move(b));
    return reinterpret_cast<const T*>(blocks_.back().data());
  }
  static void released(ArrowArray* a) {
    static_cast<subtask*>(a->private_data)
        ->blame("array", "process", "it released a column of the input, which is the host's");
  }

  weir_batch out_{};
  std::vector<block> blocks_;
  std::vector<std::unique_ptr<owned_column>> columns_;
  std::vector<const ArrowArray*> pointers_;
};

// One call: the host's thread, no call inside a call, and afterwards the code that came back.
template <class F>
weir_code task_call(subtask* s, weir_context* real, const char* call, weir_code most, F&& f) {
  const void* none = nullptr;
  if (!s->thread.compare_exchange_strong(none, this_thread()) && none != this_thread())
    s->blame_host("thread", call, "it is called on another thread than the instance was created on");
  if (const char* outer = s->call.exchange(call))
    s->blame_host("call", call, "it is called while " + std::string{outer} + " is running");
  s->real.store(real);
  s->told = s->emitted = false;
  s->host_error = WEIR_OK;
  const auto* before = current_host();
  current_host() = s->host;
  weir_code code = f();
  current_host() = before;
  end_slots(s);
  s->call.store(nullptr);
  s->builders.clear();  // the host discards what is still open
  s->row_buffers.clear();
  s->batch_real = nullptr;
  s->batch = {};
  if (code > most || code < WEIR_E_STOPPED) {
    s->blame("code", call, "it returns " + std::to_string(code) + ", which is no code of this call");
    code = WEIR_E_PLUGIN;
  } else if (code < 0 && !s->told && code != s->host_error) {
    s->blame("text", call, "it returns the error " + std::to_string(code) + " without saying why by fail()");
  } else if (code >= 0 && s->host_error < 0) {
    s->blame("code", call,
             std::string{s->host_call} + " returned the error " + std::to_string(s->host_error) +
                 ", and it is not passed on");
  }
  return code;
}

// A text in memory that is gone after the call.
struct lent {
  explicit lent(weir_view v) : bytes{v.size}, size{v.size} {
    if (v.size) std::memcpy(bytes.data(), v.data, v.size);
  }
  [[nodiscard]] weir_view get() const { return {bytes.data(), size}; }
  block bytes;
  std::size_t size;
};

}  // namespace weir::test::check
#endif  // WEIR_TESTING_CHECK_RUNNING_HPP
