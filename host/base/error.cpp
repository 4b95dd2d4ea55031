#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/cat.hpp"

namespace weir::base {

std::string_view name_of(blame by) {
  switch (by) {
    case blame::config:
      return "config";
    case blame::data:
      return "data";
    case blame::external:
      return "external";
    case blame::plugin:
      return "plugin";
    case blame::host:
      return "host";
  }
  return "host";
}

std::string_view name_of(retry how) {
  switch (how) {
    case retry::never:
      return "never";
    case retry::backoff:
      return "backoff";
    case retry::from_checkpoint:
      return "from_checkpoint";
  }
  return "never";
}

error error::in(std::string_view place) && {
  where = where.empty() ? std::string(place) : cat(place, ": ", where);
  return std::move(*this);
}

std::string error::text() const { return where.empty() ? what : cat(where, ": ", what); }

error config_error(std::string what, std::string where) {
  return {blame::config, retry::never, std::move(what), std::move(where)};
}
error data_error(std::string what, std::string where) {
  return {blame::data, retry::never, std::move(what), std::move(where)};
}
error external_error(std::string what, std::string where, retry how) {
  return {blame::external, how, std::move(what), std::move(where)};
}
error plugin_error(std::string what, std::string where, retry how) {
  return {blame::plugin, how, std::move(what), std::move(where)};
}
error host_error(std::string what, std::string where, retry how) {
  return {blame::host, how, std::move(what), std::move(where)};
}

namespace {

struct advice {
  retry how;
  const char* next;
};

advice advice_for(int number) {
  switch (number) {
    case ENOENT:
      return {retry::never, "check the path"};
    case EACCES:
    case EPERM:
      return {retry::never, "give the user that runs weir access to it"};
    case EROFS:
      return {retry::never, "choose a directory on a writable file system"};
    case ENOSPC:
    case EDQUOT:
      return {retry::backoff, "free some space on that file system"};
    case EIO:
      return {retry::from_checkpoint, "check the disk and the kernel log"};
    case ENOTDIR:
      return {retry::never, "a part of the path is not a directory"};
    case EISDIR:
      return {retry::never, "a file is needed, this is a directory"};
    case ELOOP:
      return {retry::never, "symbolic links are not followed here: name the file itself"};
    case EMFILE:
    case ENFILE:
      return {retry::backoff, "raise the limit of open files (ulimit -n)"};
    case EEXIST:
      return {retry::never, "remove it, or choose another name"};
    case ENAMETOOLONG:
      return {retry::never, "choose a shorter name"};
    case EXDEV:
      return {retry::never, "both must be on the same file system"};
    case EINTR:
    case EAGAIN:
    case ENOMEM:
      return {retry::backoff, "try again"};
    default:
      return {retry::never, nullptr};
  }
}

}  // namespace

error errno_error(int number, std::string_view verb, std::string_view object) {
  char buffer[128];
  const char* reason = ::strerror_r(number, buffer, sizeof buffer);
  const advice a = advice_for(number);
  std::string what = cat("cannot ", verb, ' ', object, ": ", reason);
  if (a.next) what += cat("; ", a.next);
  return external_error(std::move(what), {}, a.how);
}

}  // namespace weir::base
