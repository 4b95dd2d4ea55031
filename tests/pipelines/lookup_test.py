#!/usr/bin/env python3
"""Rows beside what a table knows of them: a table in a file, also while it is replaced under a running pipeline, and a table that
comes as a stream, through restarts."""
import glob
import json
import os
import unittest

from support import Case, Running, weir

TRADES = """\
format = 1
name   = "named-trades"

[[source]]
id     = "trades"
uses   = "file.source"
config = {{ path = "{folder}/trades.jsonl"{source} }}
format = {{ type = "json", columns = {{ id = "int64", account = "string?" }} }}

{operator}

[[sink]]
id     = "out"
uses   = "file.sink"
from   = ["named"]
format = "json"
config = {{ path = "{folder}/{out}" }}
"""

BY_FILE = """\
[[operator]]
id          = "named"
uses        = "lookup.file"
from        = ["trades"]
parallelism = {parallelism}
exchange    = "rebalance"
config      = {{ path = "{folder}/accounts.csv", columns = {{ number = "string", name = "string", limit = "double?" }}, on = {{ account = "number" }}, add = ["name AS owner", "limit"], missing = "port", refresh = "100ms" }}

[[sink]]
id     = "unknown"
uses   = "file.sink"
from   = ["named:missing"]
format = "json"
config = {{ path = "{folder}/unknown.jsonl" }}
"""


BY_STREAM = """\
[[source]]
id     = "accounts"
uses   = "file.source"
config = {{ path = "{folder}/accounts.jsonl", follow = true }}
format = {{ type = "json", columns = {{ number = "string", name = "string", closed = "bool" }} }}

[checkpoint]
interval = "200ms"

[[operator]]
id          = "named"
uses        = "lookup.stream"
from        = [{{ port = "trades", exchange = "rebalance" }}, {{ port = "accounts", exchange = "broadcast" }}]
parallelism = 2
config      = {{ on = {{ account = "number" }}, add = ["name AS owner"], deleted = "closed" }}
"""


class Lookup(Case):
    def by_file(self, source="", parallelism=1, out="out.jsonl"):
        operator = BY_FILE.format(folder=self.folder, parallelism=parallelism)
        return self.write("p.toml", TRADES.format(folder=self.folder, operator=operator, source=source, out=out))

    def trades(self, trades):
        with open(self.path("trades.jsonl"), "a", encoding="utf-8") as file:
            for trade in trades:
                file.write(json.dumps(trade) + "\n")

    def accounts(self, accounts):
        """Replaces the table in one step."""
        text = "number,name,limit\n" + "".join(f"{n},{name},{limit}\n" for n, name, limit in accounts)
        os.replace(self.write("accounts.new", text), self.path("accounts.csv"))

    def read(self, pattern):
        """The rows of the files that are complete, in the order of the numbers in their names."""
        rows = []
        for name in sorted(glob.glob(self.path(pattern)), key=lambda n: (len(n), n)):
            with open(name, encoding="utf-8") as file:
                rows += [json.loads(line) for line in file]
        return rows


class File(Lookup):
    def test_every_row_is_named_or_leaves_by_its_port(self):
        self.accounts([(f"a{i}", f"name {i}", i / 2 if i % 2 else "") for i in range(500)])
        self.trades({"id": i, "account": None if i % 10 == 0 else f"a{i * 7 % 1000}"} for i in range(20_000))
        for parallelism in (1, 2):
            with self.subTest(parallelism):
                for name in ("out.jsonl", "unknown.jsonl"):
                    if os.path.exists(self.path(name)):
                        os.remove(self.path(name))
                self.run_well(self.by_file(parallelism=parallelism))
                expected, unknown = [], []
                for i in range(20_000):
                    number = i * 7 % 1000
                    if i % 10 == 0:
                        unknown.append({"id": i, "account": None})
                    elif number >= 500:
                        unknown.append({"id": i, "account": f"a{number}"})
                    else:
                        expected.append({"id": i, "account": f"a{number}", "owner": f"name {number}", "limit": number / 2 if number % 2 else None})
                by_id = lambda row: row["id"]  # noqa: E731
                self.assertEqual(sorted(self.read("out.jsonl"), key=by_id), expected)
                self.assertEqual(sorted(self.read("unknown.jsonl"), key=by_id), unknown)

    def test_a_table_that_is_replaced_is_used_from_then_on_and_a_broken_one_is_not(self):
        self.accounts([("a", "first", 1), ("b", "first", 1)])
        self.trades([{"id": 0, "account": "a"}])
        sent = 1
        with Running("run", self.by_file(", follow = true", out="out-{seq}.jsonl"), "--set", "out.max_interval=200ms", "--json") as running:
            def trade_until(condition, what):
                def holds():
                    nonlocal sent
                    self.trades([{"id": sent, "account": "ab"[sent % 2]}])
                    sent += 1
                    return condition()
                running.wait_until(holds, what)

            def names():
                return {row["owner"] for row in self.read("out-*.jsonl")}
            running.wait_for("accounts.csv: 2 keys")
            self.accounts([("a", "second", "much"), ("b", "second", 1)])
            trade_until(lambda: "accounts.csv:2: field 'limit' is 'much', not a number" in running.err(), "word of the broken table")
            self.accounts([("a", "third", 3), ("b", "new", 4)])
            trade_until(lambda: "is loaded again: 2 keys" in running.err(), "word of the new table")
            trade_until(lambda: names() == {"first", "third", "new"}, "rows with the new table")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        rows = self.read("out-*.jsonl")
        self.assertEqual([row["id"] for row in rows], list(range(done.result["records_in"])), "in order, none lost")
        switch = next(i for i, row in enumerate(rows) if row["owner"] != "first")
        self.assertEqual([row["owner"] for row in rows[switch:]], [("third", "new")[row["id"] % 2] for row in rows[switch:]])

    def test_a_broken_table_does_not_start(self):
        self.write("accounts.csv", "number,name,limit\na,b\n")
        self.trades([{"id": 0, "account": "a"}])
        done = weir("run", self.by_file(), "--json")
        self.assert_says(done, 65, "operator named", "accounts.csv:2: it has 2 fields, not 3")

    def test_a_mistake_in_the_columns_is_found_without_the_table(self):
        file = self.by_file()
        with open(file, encoding="utf-8") as text:
            wrong = text.read().replace('account = "number"', 'acount = "number"')
        done = weir("check", self.write("wrong.toml", wrong))
        self.assert_says(done, 1, "on.acount", "did you mean 'account'")


class Stream(Lookup):
    def append(self, name, rows):
        with open(self.path(name), "a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def test_the_table_survives_a_restart_at_another_parallelism(self):
        """The second run reads no row of the table again: what it knows is out of the checkpoint."""
        file = self.write("p.toml", TRADES.format(folder=self.folder, operator=BY_STREAM.format(folder=self.folder),
                                                  source=", follow = true", out="out-{subtask}-{seq}.jsonl"))
        self.append("accounts.jsonl", [{"number": f"a{i}", "name": f"name {i}", "closed": False} for i in range(100)])
        self.append("accounts.jsonl", [{"number": "a7", "name": "", "closed": True}])
        self.trades([])
        env = {"WEIR_STATE_DIR": self.path("state")}
        sent, seen = 0, set()
        for parallelism in (2, 3, 1):
            with Running("run", file, "--json", "--set", f"named.parallelism={parallelism}", env=env) as running:
                def new():
                    return [row for row in self.read("out-*.jsonl") if row["id"] not in seen]

                def enough_are_named():
                    nonlocal sent
                    self.trades([{"id": sent + k, "account": f"a{k % 100}"} for k in range(100)])
                    sent += 100
                    return sum(row["owner"] is not None for row in new()) > 1000
                running.wait_until(enough_are_named, "named trades")
                done = running.drain()
            self.assertEqual(done.code, 0, done)
            rows = new()
            ids = {row["id"] for row in rows}
            self.assertEqual(len(ids), len(rows), "no trade twice")
            seen |= ids
            self.assertEqual(seen, set(range(len(seen))), "no trade lost")
            for row in rows if parallelism != 2 else []:
                self.assertEqual(row["owner"], None if row["account"] == "a7" else "name " + row["account"][1:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
