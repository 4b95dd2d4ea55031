// The name spaces of a state as an operator sees them that serves a part of the keys, while another instance serves the rest.
#include "base/cat.hpp"
#include "state/impl.hpp"

namespace weir::state {

weir_code store::impl::bring_all_back(keyed& s, table& t) {
  while (t.cold > 0) {
    scratch_entries.clear();
    if (const weir_code code = bring_back_some(s, t, scan_rows_max); code != WEIR_OK) return code;
  }
  return WEIR_OK;
}

weir_code store::impl::drop_part(keyed& s, table& t, const model::group_part& of) {
  if (const weir_code code = bring_all_back(s, t); code != WEIR_OK) return code;
  bool others = false;
  std::vector<char*> mine;
  walk_entries(memory, s.lay, t, 0, [&](char* e) {
    if (!is_present(e)) return true;
    if (of.holds(hash_of(key_of(s.lay, e))))
      mine.push_back(e);
    else
      others = true;
    return true;
  });
  if (!others) {
    drop_table(s, t);
    return WEIR_OK;
  }
  for (char* e : mine)
    if (const weir_code code = clear(s, t, e); code != WEIR_OK) return code;
  return WEIR_OK;
}

weir_code store::scan(std::uint32_t state, std::int64_t name_space, const model::group_part& of, std::uint64_t* cursor,
                      model::batch_ref* keys, weir_slot*** out) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, base::cat("state number ", state, " was not declared"));
  return impl_->scan(*s, name_space, &of, cursor, keys, out);
}

weir_code store::drop(std::uint32_t state, std::int64_t name_space, const model::group_part& of) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, base::cat("state number ", state, " was not declared"));
  if (const weir_code code = impl_->take_over_all(*s, name_space); code != WEIR_OK) return code;
  table* t = s->find_table(name_space);
  return t ? impl_->drop_part(*s, *t, of) : WEIR_OK;
}

weir_code store::next_name_space(std::uint32_t state, std::int64_t from, const model::group_part& of,
                                 std::int64_t* out) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, base::cat("state number ", state, " was not declared"));
  bool found = false;
  for (keyed* form = s; form; form = form->older)
    for (auto it = form->tables.lower_bound(from); it != form->tables.end() && !(found && it->first >= *out); ++it) {
      table& t = *it->second;
      if (!impl_->any_present(*form, t, &of)) {
        if (t.cold == 0) continue;
        if (const weir_code code = impl_->bring_all_back(*form, t); code != WEIR_OK) return code;
        if (!impl_->any_present(*form, t, &of)) continue;
      }
      *out = it->first;
      found = true;
      break;
    }
  return found ? WEIR_OK : WEIR_IDLE;
}

}  // namespace weir::state
