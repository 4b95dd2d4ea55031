#pragma once
// One connection to PostgreSQL that never blocks: it is moved on whenever its socket is ready.

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/schema.hpp"

namespace lookup::pg {

using clock = std::chrono::steady_clock;

/// Where and what to ask. A value.
struct target {
  std::string connection;                   // libpq's connection string
  std::string table;                        // "schema.table" or "table"
  std::vector<weir::field> key;             // columns of the table, by which it is asked
  std::vector<weir::field> key_of_input;    // their types as keys are encoded
  std::vector<weir::field> added;           // columns that are read
  std::chrono::milliseconds timeout{3000};  // to connect, and of each request
};

struct close_connection {
  void operator()(PGconn* c) const { PQfinish(c); }
  void operator()(PGresult* r) const { PQclear(r); }
};
using connection_ptr = std::unique_ptr<PGconn, close_connection>;
using result_ptr = std::unique_ptr<PGresult, close_connection>;

/// What went wrong, and what that means.
struct trouble {
  enum class kind {
    none,
    transient,  // the server is away, busy, or did not answer: try again
    data,       // it does not take one of the values
    fatal       // it will never answer this: somebody must act
  };
  kind is = kind::none;
  std::string why{};
};

class connection {
 public:
  enum class state { closed, connecting, preparing, describing, idle, busy };

  explicit connection(const target& to) : to_{&to} {}
  [[nodiscard]] state is() const { return state_; }
  [[nodiscard]] bool waits() const { return state_ != state::closed && state_ != state::idle; }
  [[nodiscard]] clock::time_point deadline() const { return deadline_; }
  [[nodiscard]] clock::time_point asked_at() const { return asked_at_; }
  /// For poll().
  [[nodiscard]] int socket() const { return PQsocket(raw_.get()); }
  [[nodiscard]] short events() const { return events_; }

  void connect();
  /// In state idle: asks for keys; parameters in binary form, one array for each column of the key.
  void ask(const std::vector<std::string>& parameters);
  /// The socket is ready, or may be.
  void move_on();
  /// Takes what went wrong since the last call; the connection is closed when it is no more of use.
  trouble take_trouble();
  /// The answer to ask(), once; null: none yet. Columns: number of the key (int4, from 1), then `added`.
  result_ptr take_answer() { return std::move(answer_); }
  void fail(const std::string& why) { fail(trouble::kind::transient, why); }
  /// No answer within the time: says so and closes.
  void time_out();

 private:
  void fail(trouble::kind is, const std::string& why);
  void begin(state next, bool sent);
  void read();
  void finish(result_ptr result);
  bool describe(const PGresult& columns);
  [[nodiscard]] std::string quoted(const std::string& name) const;
  [[nodiscard]] std::string table() const;

  const target* to_;
  connection_ptr raw_;
  state state_ = state::closed;
  short events_ = 0;
  clock::time_point deadline_{}, asked_at_{};
  trouble trouble_;
  result_ptr pending_, answer_;
  std::string statement_;
};

}  // namespace lookup::pg
