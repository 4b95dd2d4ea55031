// weir/test/finding.hpp: one breach of the contract of abi.h, and whose it is.
#ifndef WEIR_TEST_FINDING_HPP
#define WEIR_TEST_FINDING_HPP

#include <functional>
#include <string>
#include <string_view>

namespace weir::test {

enum class side : unsigned char { plugin, host };

// Rules, one word each:
//   thread       a [task] call from another thread than the subtask's
//   call         a call at a time when it may not be made
//   builder      a builder used after emit, unknown, or filled beyond its room
//   array        released twice, never, or not by its owner
//   schema       columns that are not as declared
//   offsets      offsets of text or lists that go back or out
//   rows         row indexes that are out of range, unordered, unselected
//   parents      parent rows that the batch does not have
//   watermark    it went back
//   position     positions in a split that go back
//   dead_letter  a row that the batch does not have
//   text         an error code without saying why
//   code         a code that the call may not return, or one that was lost
//   batch        a batch that breaks the host's guarantees
//   option       asks for an option that is not declared
//   split        a split that is not open
//   bind         outputs or a plan that cannot be
//   utf8         text that is no UTF-8
//   state        slots of another batch, call or state, of a dropped name space; a write without touch
//   timers       timers of an unknown family, of a port without a key; fired out of order
//   cut          cuts that are prepared, committed or aborted out of turn
struct finding {
  side guilty;
  std::string rule;
  std::string where;  // "exposure: process"
  std::string what;   // one sentence
};

std::string to_string(const finding& f);

// Hears of findings, from any thread, one after the other.
using finding_sink = std::function<void(const finding&)>;

}  // namespace weir::test
#endif  // WEIR_TEST_FINDING_HPP
