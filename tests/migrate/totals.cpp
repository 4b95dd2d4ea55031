// A small keyed plugin in four versions, each with other state than the one before. What it emits shows all that it
// keeps.
//
//   1  as it began
//   2  members came, went, got wider, were renamed and change places; the value has a text now, so it lies elsewhere
//   3  `label` is a number: only the plugin knows how to read the old ones (weir.migrate/1)
//   4  a member got smaller: refused
#include <charconv>

#include "weir/operator.hpp"

namespace {

struct given {
  std::string account;
  std::int32_t amount;
  std::int32_t book;
};
WEIR_RECORD(given, account, amount, book)
struct shown {
  std::string account;
  std::int64_t count;
  double sum;
  std::int64_t limit;
  std::string last_book;
  std::string recent, books, label;
};
WEIR_RECORD(shown, account, count, sum, limit, last_book, recent, books, label)

#if TOTALS_VERSION == 1
struct total {
  std::int32_t count = 0;
  float amount = 0;
  std::int32_t largest = 0;
};
WEIR_RECORD(total, count, amount, largest)
struct entry {
  std::string note;
  std::int32_t amount = 0;
};
WEIR_RECORD(entry, note, amount)
struct book_key {
  std::int32_t book = 0;
};
WEIR_RECORD(book_key, book)
struct hits {
  std::int32_t n = 0;
};
WEIR_RECORD(hits, n)
#else
struct total {
  std::optional<std::string> last_book;
  double sum = 0;
#  if TOTALS_VERSION == 4
  std::int16_t count = 0;
#  else
  std::int64_t count = 0;
#  endif
  std::int64_t limit = 1000;
};
WEIR_RECORD(total, last_book, sum, count, limit)
WEIR_RENAMED(total, {"amount", "sum"})
struct entry {
  std::int64_t amount = 0;
  std::string text;
};
WEIR_RECORD(entry, amount, text)
WEIR_RENAMED(entry, {"note", "text"})
struct book_key {
  std::int64_t number = 0;
};
WEIR_RECORD(book_key, number)
WEIR_RENAMED(book_key, {"book", "number"})
struct hits {
  std::int64_t from = 7;
  std::int64_t n = 0;
};
WEIR_RECORD(hits, from, n)
#endif

struct text_label {
  std::string text;
};
WEIR_RECORD(text_label, text)
struct number_label {
  std::int64_t number = 0;
};
WEIR_RECORD(number_label, number)

number_label parsed(const text_label& old) {
  number_label made;
  const char* end = old.text.data() + old.text.size();
  if (std::from_chars(old.text.data() + 1, end, made.number).ptr != end || old.text[0] != '#')
    throw weir::failure{"the label '" + old.text + "' is no number"};
  return made;
}

class totals : public weir::keyed_operator<std::string, given, shown> {
  // Beside what version 1 has there is a state that it does not know, and they are declared in another order.
#if TOTALS_VERSION > 1
  weir::value_state<std::int64_t> fresh_{this, "fresh"};
#endif
  weir::map_state<book_key, hits> books_{this, "books"};
  weir::value_state<total> total_{this, "total"};
  weir::list_state<entry> recent_{this, "recent"};
#if TOTALS_VERSION >= 3
  weir::value_state<number_label> label_{this, "label"};
#else
  weir::value_state<text_label> label_{this, "label"};
#endif
  weir::timers due_{this, "due"};

 public:
#if TOTALS_VERSION >= 3
  static constexpr auto migrations = weir::migrations(weir::migrate_value<text_label, number_label>("label", parsed));
#endif

  void process(const given& g, weir::time, output& out) override {
    total_.update([&](total& t) {
      ++t.count;
#if TOTALS_VERSION == 1
      t.amount += static_cast<float>(g.amount);
      t.largest = std::max(t.largest, g.amount);
#else
      t.sum += g.amount;
      t.last_book = std::to_string(g.book);
#endif
    });
    entry e;
    e.amount = g.amount;
#if TOTALS_VERSION == 1
    e.note = "n" + std::to_string(g.amount);
#else
    e.text = "n" + std::to_string(g.amount);
#endif
    recent_.push_back(e);
    if (recent_.size() > 3) recent_.pop_front();
    hits h = books_.value_or({g.book}, hits{});
    ++h.n;
    books_.put({g.book}, h);
#if TOTALS_VERSION >= 3
    if (!label_) label_ = number_label{g.amount};
#else
    if (!label_) label_ = text_label{(g.amount < 0 ? "minus" : "#") + std::to_string(g.amount)};
#endif
    due_.set(weir::time{std::chrono::seconds{1000 + g.amount}});
    out.emit(show(g.account));
  }
  void on_timer(const weir::timers&, weir::time, const std::string& account, output& out) override {
    shown s = show(account);
    s.label += " timer";
    out.emit(s);
  }

 private:
  shown show(const std::string& account) {
    shown s{.account = account,
            .count = total_->count,
            .sum = 0,
            .limit = 0,
            .last_book = "-",
            .recent = "",
            .books = "",
            .label = ""};
#if TOTALS_VERSION == 1
    s.sum = static_cast<double>(total_->amount);
    s.limit = total_->largest;
#else
    s.sum = total_->sum;
    s.limit = total_->limit;
    s.last_book = total_->last_book.value_or("-");
#endif
    for (const entry& e : recent_) {
      s.recent += std::to_string(e.amount);
#if TOTALS_VERSION == 1
      s.recent += e.note + " ";
#else
      s.recent += e.text + " ";
#endif
    }
    for (const auto& [key, h] : books_) {
#if TOTALS_VERSION == 1
      s.books += std::to_string(key.book) + "=" + std::to_string(h.n) + " ";
#else
      s.books += std::to_string(key.number) + "=" + std::to_string(h.n) + "/" + std::to_string(h.from) + " ";
#endif
    }
#if TOTALS_VERSION >= 3
    s.label = std::to_string(label_->number);
#else
    s.label = label_->text;
#endif
    return s;
  }
};
}  // namespace

#define TOTALS_TEXT(n) #n
#define TOTALS_NAME(n) TOTALS_TEXT(n) ".0.0"
WEIR_PLUGIN("totals", TOTALS_NAME(TOTALS_VERSION), weir::operators<totals>("sum"))
