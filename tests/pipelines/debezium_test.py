#!/usr/bin/env python3
"""Changes of an aggregate as Debezium's events in a file, applied by a reader of its own, and read and written by weir again."""
import glob
import json
import os
import random
import unittest

from support import Case

AGGREGATE = """\
format = 1
name   = "totals"

[[source]]
id        = "trades"
uses      = "file.source"
config    = {{ path = "{folder}/trades.jsonl" }}
format    = {{ type = "json", columns = {{ desk = "string", price = "int64?", at = "timestamp" }} }}
watermark = {{ field = "at", out_of_orderness = "1s" }}

[[operator]]
id          = "totals"
uses        = "window.running"
from        = ["trades"]
exchange    = {{ kind = "hash", key = "desk" }}
parallelism = {parallelism}
config      = {{ aggregates = ["count() AS n", "sum(price) AS total", "median(price) AS middle"] }}

[[sink]]
id          = "changes"
uses        = "file.sink"
from        = ["totals"]
parallelism = {parallelism}
format      = {{ type = "debezium", {options} }}
config      = {{ path = "{folder}/{out}-{{subtask}}-{{seq}}.jsonl" }}
"""

AGAIN = """\
format = 1
name   = "again"

[[source]]
id        = "changes"
uses      = "file.source"
config    = {{ path = "{folder}/{given}" }}
format    = {{ type = "debezium", columns = {{ desk = "string", n = "int64", total = "decimal(38,0)?", middle = "double?" }}, envelope = {{ at = "ts_ms" }} }}
watermark = {{ field = "at", out_of_orderness = "1s" }}

[[sink]]
id     = "out"
uses   = "file.sink"
from   = ["changes"]
format = {{ type = "debezium", include = ["desk", "n", "total", "middle"] }}
config = {{ path = "{folder}/again.jsonl" }}

[[sink]]
id     = "refused"
uses   = "file.sink"
from   = ["changes:dead_letter"]
format = "json"
config = {{ path = "{folder}/refused.jsonl" }}
"""


class Debezium(Case):
    def lines(self, pattern):
        out = []
        for path in sorted(glob.glob(self.path(pattern))):
            with open(path, encoding="utf-8") as file:
                out += file.read().splitlines()
        return out

    def aggregate(self, out, parallelism=1, options="key = [\"desk\"]"):
        text = AGGREGATE.format(folder=self.folder, out=out, parallelism=parallelism, options=options)
        self.run_well(self.write(f"{out}.toml", text))
        return [json.loads(line) for line in self.lines(f"{out}-*.jsonl")]

    def trades(self):
        """Their last totals by desk."""
        numbers = random.Random(5)
        given, expected = [], {}
        for i in range(5_000):
            desk, price = f"desk {numbers.randrange(20)}", None if numbers.randrange(5) == 0 else numbers.randrange(1_000)
            given.append({"desk": desk, "price": price, "at": f"2026-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z"})
            n, total = expected.get(desk, (0, None))
            expected[desk] = (n + 1, total if price is None else price + (total or 0))
        self.write("trades.jsonl", "".join(json.dumps(row) + "\n" for row in given))
        return expected

    def apply(self, events, pairs):
        """The table that a reader has in the end; each change must be one of what it has."""
        table = {}
        for event in events:
            before, after = event["before"], event["after"]
            self.assertEqual(event["op"], "u" if before and after else "c" if after else "d")
            if before:
                self.assertEqual(table.pop(before["desk"]), before)
            if after:
                self.assertNotIn(after["desk"], table)
                table[after["desk"]] = after
        self.assertEqual(any(event["op"] == "d" for event in events), not pairs)
        return {desk: (row["n"], row["total"]) for desk, row in table.items()}

    def test_who_applies_the_changes_of_an_aggregate_has_the_aggregate(self):
        expected = self.trades()
        for parallelism in (1, 2):
            self.assertEqual(self.apply(self.aggregate(f"joined-{parallelism}", parallelism), pairs=True), expected)
        self.assertEqual(self.apply(self.aggregate("apart", options='updates = "apart"'), pairs=False), expected)
        wrapped = self.aggregate("wrapped", options='wrapper = "payload"')
        self.assertEqual(self.apply([event["payload"] for event in wrapped], pairs=True), expected)

    def test_what_was_written_is_read_and_written_the_same_again(self):
        self.trades()
        for name, options in (("first", 'key = ["desk"]'), ("wrapped", 'wrapper = "payload"')):
            self.aggregate(name, options=options)
            result = self.run_well(self.write("again.toml", AGAIN.format(folder=self.folder, given=f"{name}-*.jsonl")))
            self.assertEqual((result["records_in"], result["dead_letters"]), (5_000, 0))
            self.assertEqual(self.lines("again.jsonl"), self.lines("first-*.jsonl"))
            os.remove(self.path("again.jsonl"))

    def test_bad_records_are_dead_letters_and_tombstones_are_ignored(self):
        row = {"desk": "a", "n": 1, "total": 2, "middle": 2.0}
        good = [{"before": None, "after": row, "op": "r", "ts_ms": 1}, {"before": row, "after": None, "op": "d", "ts_ms": 2}]
        bad = ["{", '{"op":"c"}', '{"op":"u","before":null,"after":' + json.dumps(row) + "}", '{"op":"c","after":{"desk":"a"},"ts_ms":3}']
        text = [json.dumps(good[0]), bad[0], "null", bad[1], json.dumps({"schema": None, "payload": None}), bad[2], bad[3], json.dumps(good[1])]
        self.write("given.jsonl", "\n".join(text) + "\n")
        result = self.run_well(self.write("again.toml", AGAIN.format(folder=self.folder, given="given.jsonl")))
        self.assertEqual((result["records_in"], result["dead_letters"]), (8, 4))
        events = [json.loads(line) for line in self.lines("again.jsonl")]
        self.assertEqual([(e["op"], e["before"], e["after"]) for e in events], [("c", None, row), ("d", row, None)])
        reasons = " | ".join(json.loads(line)["reason"] for line in self.lines("refused.jsonl"))
        for part in ("'after' is missing", "REPLICA IDENTITY FULL", "field 'after.n' is missing"):
            self.assertIn(part, reasons)


if __name__ == "__main__":
    unittest.main(verbosity=2)
