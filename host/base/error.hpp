#pragma once
// An error says three things: who must act, whether a retry can help, and where it was. Expected failures travel as
// result<T> (result.hpp); nothing here throws.
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::base {

/// Who must act.
enum class blame : std::uint8_t {
  config,    ///< whoever wrote the pipeline TOML or the command line
  data,      ///< whoever produced the record
  external,  ///< a broker, disk, network or other system outside weir
  plugin,    ///< whoever wrote the plugin
  host,      ///< us
};

/// Whether doing it again can help.
enum class retry : std::uint8_t {
  never,            ///< the same input gives the same error
  backoff,          ///< the outside may recover: wait and do the same again
  from_checkpoint,  ///< this run is spoilt: restart from the last complete checkpoint
};

std::string_view name_of(blame by);
std::string_view name_of(retry how);

struct error {
  blame by = blame::host;
  retry how = retry::never;
  std::string what;   ///< one sentence that holds the reader's next step
  std::string where;  ///< grows outwards: "pipeline desk-risk: operator exposure/3"

  /// Puts `place` in front of where: each caller on the way up says where it was. `std::move(e).in("operator o/3")`
  error in(std::string_view place) &&;
  /// "where: what", or what alone when nobody said where.
  std::string text() const;
};

error config_error(std::string what, std::string where = {});
error data_error(std::string what, std::string where = {});
error external_error(std::string what, std::string where = {}, retry how = retry::backoff);
error plugin_error(std::string what, std::string where = {}, retry how = retry::never);
error host_error(std::string what, std::string where = {}, retry how = retry::never);

/// An external error for a failed system call: errno_error(ENOENT, "open", "/etc/x") reads "cannot open /etc/x: No such
/// file or directory; <next step for that errno>". Never and backoff are chosen by the errno.
error errno_error(int number, std::string_view verb, std::string_view object);

}  // namespace weir::base
