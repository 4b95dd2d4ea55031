#include "join/join.hpp"

namespace join {

keyed::keyed(const weir::config& c) : two_sides{c} {
  ttl_us_ = c.get<weir::duration>("ttl").count();
  if (ttl_us_ < 0) throw c.error("ttl", "must not be negative");
}

void keyed::process(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  const int own = static_cast<int>(batch.port()), other = 1 - own;
  work_.begin(batch.raw());
  weir_slot** const mine = work_.slots();
  if (others_.size() < static_cast<std::size_t>(count)) others_.resize(static_cast<std::size_t>(count));
  sides_[own].rows().slots(context(), batch.raw(), batch.raw().rows, count, nullptr,
                           WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, mine);
  sides_[other].rows().slots(context(), batch.raw(), batch.raw().rows, count, nullptr, 0, others_.data());
  result to{out, sides_};
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint32_t row = work_.rows()[k];
    const std::string_view packed = sides_[own].pack(batch, row);
    const auto change = batch.change(row);
    if (change == weir::change_kind::erase || change == weir::change_kind::update_before)
      take_back(to, own, packed, mine[k], others_[static_cast<std::size_t>(k)]);
    else
      add(to, own, packed, mine[k], others_[static_cast<std::size_t>(k)]);
  }
  to.send();
}

namespace {
// In the order of the inputs.
void pair(result& to, int own, std::string_view mine, std::string_view theirs, std::uint8_t change) {
  if (own == 0)
    to.add(mine, theirs, change);
  else
    to.add(theirs, mine, change);
}
}  // namespace

void keyed::add(result& to, int own, std::string_view row, weir_slot* mine, weir_slot* theirs) {
  const auto& other = sides_[1 - own].rows();
  const std::uint64_t matches = theirs ? other.list_size(context(), theirs) : 0;
  const bool first = keeps_[1 - own] && matches && sides_[own].rows().list_size(context(), mine) == 0;
  if (!matches && keeps_[own]) pair(to, own, row, {}, WEIR_INSERT);
  for (std::uint64_t i = 0; i < matches; ++i) {
    const std::string_view match = other.list_at(context(), theirs, i);
    if (first) pair(to, own, {}, match, WEIR_DELETE);
    pair(to, own, row, match, WEIR_INSERT);
  }
  sides_[own].rows().list_add(context(), mine, row);
}

void keyed::take_back(result& to, int own, std::string_view row, weir_slot* mine, weir_slot* theirs) {
  if (!sides_[own].remove(context(), mine, row)) return;  // it was forgotten, or never there
  const auto& other = sides_[1 - own].rows();
  const std::uint64_t matches = theirs ? other.list_size(context(), theirs) : 0;
  const bool last = keeps_[1 - own] && matches && sides_[own].rows().list_size(context(), mine) == 0;
  if (!matches && keeps_[own]) pair(to, own, row, {}, WEIR_DELETE);
  for (std::uint64_t i = 0; i < matches; ++i) {
    const std::string_view match = other.list_at(context(), theirs, i);
    pair(to, own, row, match, WEIR_DELETE);
    if (last) pair(to, own, {}, match, WEIR_INSERT);
  }
}

}  // namespace join
