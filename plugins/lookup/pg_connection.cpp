#include "lookup/pg_connection.hpp"

#include <poll.h>

#include <string_view>

#include "lookup/pg_types.hpp"

namespace lookup::pg {
namespace {

std::string trimmed(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  for (char& c : out)
    if (c == '\n') c = ' ';
  return out;
}

trouble::kind kind_of(std::string_view sqlstate) {
  const std::string_view group = sqlstate.substr(0, 2);
  if (group == "22" || group == "23") return trouble::kind::data;
  // Connection, rollback, resources, object in use, operator intervention (a timeout, a shutdown), system error.
  for (const std::string_view transient : {"08", "40", "53", "55", "57", "58", "XX"})
    if (group == transient) return trouble::kind::transient;
  return sqlstate.empty() ? trouble::kind::transient : trouble::kind::fatal;
}

}  // namespace

std::string connection::quoted(const std::string& name) const {
  char* text = PQescapeIdentifier(raw_.get(), name.data(), name.size());
  if (!text) return {};
  std::string out = text;
  PQfreemem(text);
  return out;
}

std::string connection::table() const {
  std::string out;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t dot = to_->table.find('.', begin);
    out += quoted(to_->table.substr(begin, dot == std::string::npos ? dot : dot - begin));
    if (dot == std::string::npos) return out;
    out += '.';
    begin = dot + 1;
  }
}

void connection::fail(trouble::kind is, const std::string& why) {
  if (trouble_.is == trouble::kind::none) trouble_ = {is, why};
  if (is == trouble::kind::data) return;
  raw_.reset();
  pending_.reset();
  state_ = state::closed;
}

void connection::time_out() {
  fail(trouble::kind::transient, "no answer within `timeout` (" + std::to_string(to_->timeout.count()) + " ms)");
}

trouble connection::take_trouble() { return std::exchange(trouble_, {}); }

void connection::connect() {
  const char* const names[] = {"dbname", "client_encoding", "fallback_application_name", nullptr};
  const char* const values[] = {to_->connection.c_str(), "UTF8", "weir", nullptr};
  raw_.reset(PQconnectStartParams(names, values, 1));
  deadline_ = clock::now() + to_->timeout;
  state_ = state::connecting;
  events_ = POLLOUT;
  if (!raw_ || PQstatus(raw_.get()) == CONNECTION_BAD)
    fail(trouble::kind::transient, raw_ ? trimmed(PQerrorMessage(raw_.get())) : "no memory");
}

void connection::begin(state next, bool sent) {
  if (!sent) return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
  state_ = next;
  events_ = POLLIN;
  const int left = PQflush(raw_.get());
  if (left < 0) return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
  if (left > 0) events_ |= POLLOUT;
}

void connection::ask(const std::vector<std::string>& parameters) {
  asked_at_ = clock::now();
  deadline_ = asked_at_ + to_->timeout;
  std::vector<const char*> values;
  std::vector<int> sizes, formats;
  for (const auto& p : parameters) {
    values.push_back(p.data());
    sizes.push_back(static_cast<int>(p.size()));
    formats.push_back(1);
  }
  begin(state::busy, PQsendQueryParams(raw_.get(), statement_.c_str(), static_cast<int>(values.size()), nullptr,
                                       values.data(), sizes.data(), formats.data(), 1) == 1);
}

void connection::move_on() {
  if (state_ == state::connecting) {
    switch (PQconnectPoll(raw_.get())) {
      case PGRES_POLLING_READING:
        events_ = POLLIN;
        return;
      case PGRES_POLLING_WRITING:
        events_ = POLLOUT;
        return;
      case PGRES_POLLING_OK: {
        if (PQsetnonblocking(raw_.get(), 1) != 0)
          return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
        // Nothing is ever written, times are UTC, and the server gives up when nobody waits any more.
        const std::string set =
            "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET statement_timeout = " +
            std::to_string(to_->timeout.count());
        return begin(state::preparing, PQsendQuery(raw_.get(), set.c_str()) == 1);
      }
      default:
        return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
    }
  }
  if (waits()) read();
}

void connection::read() {
  if (PQconsumeInput(raw_.get()) != 1) return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
  const int left = PQflush(raw_.get());
  if (left < 0) return fail(trouble::kind::transient, trimmed(PQerrorMessage(raw_.get())));
  events_ = static_cast<short>(left > 0 ? POLLIN | POLLOUT : POLLIN);
  while (waits() && PQisBusy(raw_.get()) == 0) {
    result_ptr next{PQgetResult(raw_.get())};
    if (!next) return finish(std::move(pending_));
    const auto status = PQresultStatus(next.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      pending_ = std::move(next);
      continue;
    }
    const char* state_text = PQresultErrorField(next.get(), PG_DIAG_SQLSTATE);
    const auto is = kind_of(state_text ? state_text : "");
    std::string why = trimmed(PQresultErrorField(next.get(), PG_DIAG_MESSAGE_PRIMARY));
    if (why.empty()) why = trimmed(PQerrorMessage(raw_.get()));
    // A value that is refused leaves the connection as good as before.
    fail(is, why);
    if (is != trouble::kind::data) return;
    pending_.reset();
  }
}

void connection::finish(result_ptr result) {
  switch (state_) {
    case state::preparing: {
      const std::string name = table();
      const char* const values[] = {name.c_str()};
      return begin(state::describing,
                   PQsendQueryParams(raw_.get(),
                                     "SELECT a.attname, format_type(a.atttypid, NULL), t.typcategory::text, "
                                     "to_regclass($1)::text FROM (SELECT 1) AS one LEFT JOIN pg_attribute a ON "
                                     "a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped "
                                     "LEFT JOIN pg_type t ON t.oid = a.atttypid",
                                     1, nullptr, values, nullptr, nullptr, 0) == 1);
    }
    case state::describing:
      if (!result || !describe(*result)) return;
      break;
    default:
      answer_ = std::move(result);
  }
  if (state_ != state::closed) state_ = state::idle;
}

bool connection::describe(const PGresult& columns) {
  const auto* rows = &columns;
  if (PQntuples(rows) == 0 || PQgetisnull(rows, 0, 3)) {
    fail(trouble::kind::fatal, "there is no table '" + to_->table + "', or this user may not see it: correct `table`");
    return false;
  }
  auto row_of = [&](const std::string& name) {
    for (int i = 0; i < PQntuples(rows); ++i)
      if (name == PQgetvalue(rows, i, 0)) return i;
    fail(trouble::kind::fatal, "table '" + to_->table + "' has no column '" + name + "': correct `columns`");
    return -1;
  };
  statement_ = "SELECT k.n::int4";
  for (const auto& f : to_->added) {
    if (row_of(f.name) < 0) return false;
    statement_ += ", t." + quoted(f.name) + cast_of(f);
  }
  statement_ += " FROM unnest(";
  for (std::size_t i = 0; i < to_->key.size(); ++i)
    statement_ += (i ? ", $" : "$") + std::to_string(i + 1) + "::" + key_type_of(to_->key_of_input[i]).name + "[]";
  statement_ += ") WITH ORDINALITY AS k(";
  for (std::size_t i = 0; i < to_->key.size(); ++i) statement_ += "k" + std::to_string(i) + ", ";
  statement_ += "n) JOIN " + table() + " AS t ON ";
  for (std::size_t i = 0; i < to_->key.size(); ++i) {
    const int row = row_of(to_->key[i].name);
    if (row < 0) return false;
    const key_type type = key_type_of(to_->key_of_input[i]);
    const std::string key = "k.k" + std::to_string(i);
    statement_ += (i ? " AND t." : "t.") + quoted(to_->key[i].name) + " = " + key;
    // A text that stands for a value of another type (a uuid) is cast to it; the other way round no index would help.
    const std::string_view category = PQgetvalue(rows, row, 2);
    if (type.as_number)
      statement_ += "::numeric";
    else if (to_->key_of_input[i].kind == weir::type::utf8 && category != "S")
      statement_ += std::string{"::"} + PQgetvalue(rows, row, 1);
  }
  return true;
}

}  // namespace lookup::pg
