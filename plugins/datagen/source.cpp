#include "datagen/source.hpp"

#include <algorithm>
#include <charconv>

#include "shared/json_text.hpp"

namespace datagen {
namespace {

constexpr std::uint64_t malformed_salt = UINT64_MAX, null_index = UINT64_MAX;
constexpr std::int64_t most_splits = 1024;

std::string split_name(std::uint64_t part, std::uint64_t of) { return std::to_string(part) + "/" + std::to_string(of); }

}  // namespace

source::source(const weir::config& c)
    : fields_(read_fields(c)),
      seed_(static_cast<std::uint64_t>(c.get<std::int64_t>("seed"))),
      splits_(static_cast<std::uint64_t>(c.get<std::int64_t>("splits"))),
      rate_(c.get<double>("rate")),
      malformed_(c.get<double>("malformed")),
      json_(c.choice<bool>("encode", {{"none", false}, {"json", true}})),
      row_(fields_.size()) {
  if (c.has("events")) {
    const auto events = c.get<std::int64_t>("events");
    if (events < 0) throw c.error("events", "must be 0 or more");
    events_ = static_cast<std::uint64_t>(events);
  }
  if (splits_ < 1 || splits_ > most_splits)
    throw c.error("splits", "must be between 1 and " + std::to_string(most_splits));
  if (!(rate_ >= 0)) throw c.error("rate", "must be 0 or more");
  if (!(malformed_ >= 0 && malformed_ <= 1)) throw c.error("malformed", "must be between 0 and 1");
  if (malformed_ > 0 && !json_) throw c.error("malformed", "needs encode = \"json\": typed columns cannot be broken");
}

void source::bind(weir::binder& b) {
  weir::schema s;
  if (json_)
    s.fields.push_back({.name = "value", .kind = weir::type::binary, .nullable = false});
  else
    for (const auto& f : fields_) s.fields.push_back(f->column());
  b.output("", std::move(s));
}

void source::discover(weir::split_list& splits) {
  for (std::uint64_t i = 0; i < splits_; ++i) splits.add(split_name(i, splits_));
}

void source::open_split(std::uint32_t split, std::string_view id, std::string_view position) {
  std::uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  if (number >= splits_ || id != split_name(number, splits_))
    throw weir::config_error("splits", "is " + std::to_string(splits_) + ", but the saved state is of split " +
                                           std::string(id) + ": set it back, or start without the saved state");
  part p{split, number};
  if (!position.empty()) {
    const auto read = std::from_chars(position.data(), position.data() + position.size(), p.next);
    if (read.ec != std::errc{} || read.ptr != position.data() + position.size() || p.next % splits_ != number)
      throw weir::external_failure("the saved position '" + std::string(position) + "' is none of split " +
                                   std::string(id));
  }
  batch_ = std::clamp<std::uint64_t>(where().batch_rows, 1, 65'536);
  parts_.push_back(p);
  pacer_.reset();
}

void source::close_split(std::uint32_t split) {
  std::erase_if(parts_, [&](const part& p) { return p.split == split; });
  pacer_.reset();
}

void source::position(std::uint32_t split, std::string& to) {
  for (const part& p : parts_)
    if (p.split == split) to += std::to_string(p.next);
}

weir::polled source::poll(weir::duration, weir::batch_output& out) {
  bool left = false;
  for (part& p : parts_) {
    if (p.next >= events_ && !p.ended) {
      p.ended = true;
      split_end(p.split);
    }
    left = left || !p.ended;
  }
  if (!left) return parts_.empty() ? weir::polled::idle : weir::polled::end;
  const double share = rate_ * static_cast<double>(parts_.size()) / static_cast<double>(splits_);
  const std::uint64_t most =
      std::min(batch_, rate_ == 0 ? batch_ : pacer_.due(now().time_since_epoch().count(), share));
  if (most == 0) return weir::polled::idle;
  while (parts_[turn_ % parts_.size()].ended) ++turn_;
  emit_some(parts_[turn_++ % parts_.size()], most, out);
  return weir::polled::emitted;
}

void source::emit_some(part& p, std::uint64_t most, weir::batch_output& out) {
  const std::uint64_t count = std::min(most, (events_ - p.next + splits_ - 1) / splits_);
  weir::batch_builder b = out.build(0, static_cast<std::int64_t>(count));
  std::int64_t* const offsets = b.offsets();
  for (std::uint64_t i = 0; i < count; ++i, p.next += splits_) {
    offsets[i] = static_cast<std::int64_t>(p.next);
    make(p.next);
    if (json_) {
      text_.clear();
      append_json(p.next, text_);
      b[0].append(std::string_view(text_));
      continue;
    }
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const cell& v = row_[f];
      if (v.null) {
        b[f].append_null();
        continue;
      }
      switch (fields_[f]->column().kind) {
        case weir::type::boolean:
          b[f].append_bool(v.integer != 0);
          break;
        case weir::type::float64:
          b[f].append(v.real);
          break;
        case weir::type::utf8:
          b[f].append(std::string_view(v.text));
          break;
        default:
          b[f].append(v.integer);
          break;
      }
    }
  }
  pacer_.take(count);
  b.from(p.split);
  b.emit();
  if (events_ != UINT64_MAX)
    split_pending(p.split, static_cast<std::int64_t>((events_ - std::min(events_, p.next) + splits_ - 1) / splits_));
}

void source::make(std::uint64_t event) {
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const dice d(seed_, event, f);
    row_[f].null = fields_[f]->null_share() > 0 && d.unit(null_index) < fields_[f]->null_share();
    if (!row_[f].null) fields_[f]->make(event, d, row_, row_[f]);
  }
}

void source::append_json(std::uint64_t event, std::string& to) const {
  to += '{';
  char text[64];
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const cell& v = row_[f];
    if (f > 0) to += ',';
    weir::shared::append_json_string(to, fields_[f]->column().name);
    to += ':';
    if (v.null) {
      to += "null";
      continue;
    }
    switch (fields_[f]->column().kind) {
      case weir::type::boolean:
        to += v.integer != 0 ? "true" : "false";
        break;
      case weir::type::float64:
        to.append(text, std::to_chars(text, text + sizeof text, v.real).ptr);
        break;
      case weir::type::utf8:
        weir::shared::append_json_string(to, v.text);
        break;
      case weir::type::timestamp:
        to += '"';
        to.append(text, weir::shared::print_timestamp(text, v.integer));
        to += '"';
        break;
      default:
        to += std::to_string(v.integer);
        break;
    }
  }
  to += '}';
  if (malformed_ > 0 && dice(seed_, event, malformed_salt).unit(0) < malformed_) break_json(event, to);
}

// What goes wrong in real feeds. Never a newline: a broken record stays one line. Never JSON any more, whatever the fields.
void source::break_json(std::uint64_t event, std::string& text) const {
  const dice d(seed_, event, malformed_salt);
  const std::size_t middle = 1 + d.bits(2) % (text.size() - 1);
  switch (d.bits(1) % 5) {
    case 0:
      text.resize(middle);
      break;  // cut off
    case 1:
      text.pop_back(), text += ",}";
      break;  // a comma too many
    case 2:
      text.insert(0, "\xff\xfe");
      break;  // bytes that are no UTF-8
    case 3:
      text.insert(0, "ERROR ");
      break;  // a log line in between
    default:
      text.erase(0, 1);
      break;  // without its begin
  }
}

}  // namespace datagen
