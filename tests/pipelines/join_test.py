#!/usr/bin/env python3
"""A join by time of two inputs, with rows that come too late: each row that went in is accepted or late, and counted as what it is."""
import json
import unittest

from support import Case, rows

PIPELINE = """\
format = 1
name   = "payments-of-orders"

[limits]
batch_rows = 16

[[source]]
id        = "both"
uses      = "file.source"
config    = {{ path = "{folder}/both.jsonl" }}
format    = {{ type = "json", columns = {{ kind = "string", id = "int64", at = "timestamp" }} }}
watermark = {{ field = "at", out_of_orderness = "1s", emit_interval = "1ms" }}

[[operator]]
id     = "orders"
uses   = "std.filter"
from   = ["both"]
config = {{ where = "kind = 'order'" }}

[[operator]]
id     = "payments"
uses   = "std.filter"
from   = ["both"]
config = {{ where = "kind = 'payment'" }}

[[operator]]
id          = "paid"
uses        = "join.{operator}"
from        = [
  {{ port = "orders", exchange = {{ kind = "hash", key = "id" }} }},
  {{ port = "payments", exchange = {{ kind = "hash", key = "id" }} }},
]
parallelism = {parallelism}
config      = {{ {options}, type = "full", columns = ["left.id AS order", "right.id AS payment"] }}
"""
SINK = """
[[sink]]
id     = "{id}"
uses   = "file.sink"
from   = ["{port}"]
format = "json"
config = {{ path = "{folder}/{id}-{{subtask}}-{{seq}}.jsonl" }}
"""
PORTS = {"pairs": "paid", "late-orders": "paid:late", "late-payments": "paid:late.right"}


class Join(Case):
    def given(self):
        """Orders with their payments, in the order of time; every tenth of both is far behind the others."""
        given = []
        for i in range(15_000):
            for kind in ("order", "payment"):
                second = i if (i + len(kind)) % 10 else max(0, i - 5_000)
                given.append({"kind": kind, "id": i, "at": f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"})
        return given

    def run_join(self, operator, options, parallelism):
        name = f"{operator}-{parallelism}"
        folder = self.path(name)
        text = PIPELINE.format(folder=self.folder, operator=operator, options=options, parallelism=parallelism)
        text += "".join(SINK.format(id=sink, port=port, folder=folder) for sink, port in PORTS.items())
        return self.run_well(self.write(f"{name}.toml", text)), {sink: rows(folder, sink) for sink in PORTS}

    def test_each_row_is_accepted_or_late_and_counted(self):
        given = self.given()
        self.write("both.jsonl", "".join(json.dumps(row) + "\n" for row in given))
        for operator, options in (("tumbling", 'size = "10s"'), ("interval", 'before = "5s", after = "5s"')):
            for parallelism in (1, 2):
                with self.subTest(operator=operator, parallelism=parallelism):
                    result, found = self.run_join(operator, options, parallelism)
                    accepted = [("order", row["order"]) for row in found["pairs"] if row["order"] is not None]
                    accepted += [("payment", row["payment"]) for row in found["pairs"] if row["payment"] is not None]
                    late = [(row["kind"], row["id"]) for port in ("late-orders", "late-payments") for row in found[port]]
                    self.assertEqual(sorted(accepted + late), sorted((row["kind"], row["id"]) for row in given))
                    self.assertEqual(result["late"], len(late))
                    self.assertEqual({row["kind"] for row in found["late-orders"]}, {"order"}, "some are late, and only orders")
                    self.assertEqual({row["kind"] for row in found["late-payments"]}, {"payment"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
