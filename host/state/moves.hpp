#pragma once
// moves: how the bytes of the fields that were stored become the bytes of the fields that are declared. What belongs to
// what is found out once; then it is a list of moves from places to places.
//
//   stored    | sum float32 | n int32     | old utf8 |
//                  └─ widen ──┐  └─ copy ┐     (goes)
//   declared  | n int32       | total float64 | since timestamp? |
//                                  was "sum"      null
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/type.hpp"
#include "state/unpack.hpp"

namespace weir::state {

/// Immutable; [any] thread.
class moves {
 public:
  /// May a stored field have no successor? Not in the keys of a map: two keys could become one.
  enum class stored_fields : std::uint8_t { all_stay, may_go };
  /// An error names the first field that cannot become what is declared, and both types.
  static base::result<moves> compile(const std::vector<model::field>& stored, packing from,
                                     const std::vector<model::field>& declared, packing to, stored_fields what);
  ~moves();
  moves(moves&&) noexcept;
  moves& operator=(moves&&) noexcept;

  /// Appends the declared fields' bytes. False: the bytes are not what the stored fields say (and `to` is of no use).
  bool apply(std::string_view from, std::string& to) const;
  /// For people: "total: float32 -> float64, was sum; since is new; old goes". Empty: no field has changed.
  const std::string& told() const noexcept { return told_; }
  /// A stored field has no successor.
  bool loses() const noexcept { return loses_; }

  struct record;

 private:
  moves();
  std::unique_ptr<const record> all_;
  packing from_ = packing::plain, to_ = packing::plain;
  std::string told_;
  bool loses_ = false;
};

}  // namespace weir::state
