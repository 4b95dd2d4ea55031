#include "nexmark/source.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace nexmark {
namespace {

constexpr std::int64_t most_disorder_us = 60'000'000;  // the shuffle keeps two such spans of events in memory
constexpr std::int64_t most_splits = 1024, most_batch = 65'536, default_batch = 1024;
constexpr std::int64_t most_events = std::int64_t{1} << 50;  // event time stays in range

std::int64_t whole(const weir::config& c, std::string_view option, std::int64_t least, std::int64_t most) {
  const auto v = c.get<std::int64_t>(option);
  if (v < least || v > most)
    throw c.error(option, "must be between " + std::to_string(least) + " and " + std::to_string(most));
  return v;
}

weir::schema columns_of(std::initializer_list<weir::field> fields) {
  weir::schema s;
  for (weir::field f : fields) {
    f.nullable = false;
    s.fields.push_back(std::move(f));
  }
  return s;
}
weir::field number(std::string name) { return {.name = std::move(name), .kind = weir::type::int64}; }
weir::field text(std::string name) { return {.name = std::move(name), .kind = weir::type::utf8}; }

std::string split_name(std::uint64_t part, std::uint64_t of) { return std::to_string(part) + "/" + std::to_string(of); }

// The columns of a builder, one after the other in the order of the schema.
class columns {
 public:
  columns(weir::batch_builder& b, std::int64_t rows) : builder_(&b), rows_(rows) {}
  std::int64_t* numbers() {
    weir::column_writer& c = (*builder_)[at_++];
    c.set_size(rows_);
    return c.values<std::int64_t>();
  }
  text_out texts(std::int64_t most_bytes) {
    weir::column_writer& c = (*builder_)[at_++];
    char* const data = c.text_room(rows_ * most_bytes + overshoot_bytes);
    c.set_size(rows_);
    return {c.values<std::int32_t>(), data};
  }

 private:
  weir::batch_builder* builder_;
  std::int64_t rows_;
  std::size_t at_ = 0;
};

person_out persons_of(weir::batch_builder& b, std::int64_t rows) {
  columns c(b, rows);
  person_out out{};
  out.id = c.numbers();
  out.name = c.texts(name_bytes);
  out.email = c.texts(email_bytes);
  out.city = c.texts(city_bytes);
  out.state = c.texts(state_bytes);
  out.ts = c.numbers();
  out.event_time = b.times();
  out.offset = b.offsets();
  return out;
}
auction_out auctions_of(weir::batch_builder& b, std::int64_t rows) {
  columns c(b, rows);
  auction_out out{};
  out.id = c.numbers();
  out.item = c.texts(item_bytes);
  for (std::int64_t** column : {&out.initial_bid, &out.reserve, &out.expires, &out.category, &out.seller, &out.ts})
    *column = c.numbers();
  out.event_time = b.times();
  out.offset = b.offsets();
  return out;
}
bid_out bids_of(weir::batch_builder& b, std::int64_t rows) {
  columns c(b, rows);
  bid_out out{};
  out.auction = c.numbers();
  out.bidder = c.numbers();
  out.price = c.numbers();
  out.channel = c.texts(channel_bytes);
  out.url = c.texts(url_bytes);
  out.ts = c.numbers();
  out.extra = c.texts(extra_bytes);
  out.event_time = b.times();
  out.offset = b.offsets();
  return out;
}

}  // namespace

source::source(const weir::config& c) : rate_(c.get<double>("rate")) {
  if (c.has("events")) settings_.events = static_cast<std::uint64_t>(whole(c, "events", 0, most_events));
  settings_.seed = static_cast<std::uint64_t>(c.get<std::int64_t>("seed"));
  settings_.disorder_us = static_cast<std::uint64_t>(whole(c, "out_of_order_us", 0, most_disorder_us));
  settings_.splits = static_cast<std::uint64_t>(whole(c, "splits", 1, most_splits));
  batch_ = static_cast<std::uint64_t>(whole(c, "batch", 0, most_batch));
  if (!(rate_ >= 0)) throw c.error("rate", "must be 0 or more");
}

void source::bind(weir::binder& b) {
  b.output("person",
           columns_of({number("id"), text("name"), text("email"), text("city"), text("state"), number("ts")}));
  b.output("auction", columns_of({number("id"), text("item"), number("initial_bid"), number("reserve"),
                                  number("expires"), number("category"), number("seller"), number("ts")}));
  b.output("bid", columns_of({number("auction"), number("bidder"), number("price"), text("channel"), text("url"),
                              number("ts"), text("extra")}));
}

void source::open() {
  if (batch_ != 0) return;
  batch_ = std::clamp<std::uint64_t>(where().batch_rows, 1, most_batch);
}

void source::discover(weir::split_list& splits) {
  for (std::uint64_t i = 0; i < settings_.splits; ++i) splits.add(split_name(i, settings_.splits));
}

void source::open_split(std::uint32_t number, std::string_view id, std::string_view position) {
  std::uint64_t part = 0;
  std::from_chars(id.data(), id.data() + id.size(), part);
  if (id != split_name(part, settings_.splits) || part >= settings_.splits)
    throw weir::config_error("splits", "is " + std::to_string(settings_.splits) + ", but the saved state is of split " +
                                           std::string(id) + ": set it back, or start without the saved state");
  resume_point from;
  if (!position.empty()) {
    auto read = read_point(position, settings_);
    if (!read.error.empty()) throw weir::config_error("", read.error);
    from = read.at;
  }
  parts_.push_back({number, split_order(settings_, part, from)});
  pacer_.reset();
}

void source::close_split(std::uint32_t number) {
  std::erase_if(parts_, [&](const open_part& p) { return p.number == number; });
  pacer_.reset();
}

void source::position(std::uint32_t number, std::string& to) {
  for (const open_part& p : parts_)
    if (p.number == number) to += write_point(p.order.position(), settings_);
}

source::open_part* source::oldest() {
  open_part* found = nullptr;
  std::uint64_t least = UINT64_MAX;
  for (open_part& p : parts_) {
    const std::uint64_t next = p.order.peek();
    if (next == UINT64_MAX && !p.told_end) {
      split_end(p.number);
      p.told_end = true;
    }
    if (next < least) {
      least = next;
      found = &p;
    }
  }
  return found;
}

weir::polled source::poll(weir::duration, weir::batch_output& out) {
  open_part* const part = oldest();
  if (!part) return parts_.empty() ? weir::polled::idle : weir::polled::end;
  const double share = rate_ * static_cast<double>(parts_.size()) / static_cast<double>(settings_.splits);
  const std::uint64_t most =
      std::min(batch_, rate_ == 0 ? batch_ : pacer_.due(now().time_since_epoch().count(), share));
  if (most == 0)
    return weir::polled::idle;  // waits for its time, by the host's clock: a wait of our own would ignore it
  emit_some(*part, most, out);
  return weir::polled::emitted;
}

void source::emit_some(open_part& part, std::uint64_t most, weir::batch_output& out) {
  // What comes, and how many rows of each kind that is.
  split_order& order = part.order;
  rows count;
  std::uint64_t events = 0;
  split_order::list list;
  runs_.clear();
  if (order.shuffled()) {
    list = order.peek_list(static_cast<std::int64_t>(most));
    count = count_list(list.numbers, list.count);
    events = static_cast<std::uint64_t>(list.count);
  } else {
    while (events < most) {
      const auto run = order.peek_run(most - events);
      if (run.from == run.to) break;
      order.take_run(run);
      runs_.push_back(run);
      events += run.to - run.from;
      const rows r = count_run(run.from, run.to);
      count.persons += r.persons;
      count.auctions += r.auctions;
      count.bids += r.bids;
    }
  }
  // A batch for each kind that has rows: with small batches most have none.
  std::optional<weir::batch_builder> person, auction, bid;
  person_out to_persons{};
  auction_out to_auctions{};
  bid_out to_bids{};
  if (count.persons > 0) to_persons = persons_of(person.emplace(out.build(persons, count.persons)), count.persons);
  if (count.auctions > 0)
    to_auctions = auctions_of(auction.emplace(out.build(auctions, count.auctions)), count.auctions);
  if (count.bids > 0) to_bids = bids_of(bid.emplace(out.build(bids, count.bids)), count.bids);
  const dice d(settings_.seed);
  rows written;
  if (order.shuffled()) {
    write_list(d, list.numbers, list.count, static_cast<std::int64_t>(order.come()), to_persons, to_auctions, to_bids,
               written);
    order.take_list(list.count);
  } else {
    for (const auto& run : runs_) write_run(d, run.from, run.to, to_persons, to_auctions, to_bids, written);
  }
  pacer_.take(events);
  for (auto* const b : {&person, &auction, &bid}) {
    if (!*b) continue;
    (*b)->from(part.number);
    (*b)->emit();
  }
  if (settings_.events != UINT64_MAX) split_pending(part.number, static_cast<std::int64_t>(order.left()));
}

}  // namespace nexmark
