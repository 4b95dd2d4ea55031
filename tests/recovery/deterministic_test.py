#!/usr/bin/python3
"""deterministic = true: the same input gives the same bytes, at any parallelism and batch size, with kills or without."""
import hashlib
import glob
import json
import os
import pathlib
import random
import unittest

from support_recovery import Case, KilledRun, weir

PIPELINE = """
format = 1
name = "deterministic"
deterministic = true
deterministic_step = "500ms"
parallelism = PARALLELISM
[limits]
batch_rows = BATCH
[checkpoint]
interval = "150ms"
[restart]
initial_backoff = "10ms"
[[source]]
id = "trades"
uses = "file.source"
config = { path = "IN/trades-*.jsonl" }
format = { type = "json", columns = { id = "int64", account = "int64", amount = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "2s" }
[[source]]
id = "bounds"
uses = "file.source"
config = { path = "IN/limits-*.jsonl" }
format = { type = "json", columns = { account = "int64", most = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "2s" }
[[operator]]
id = "slow"
uses = "std.throttle"
from = ["trades"]
config = { rate = RATE }
[[operator]]
id = "last"
uses = "keyed.dedupe"
from = ["slow"]
exchange = { kind = "hash", key = ["account"] }
config = { keep = "last", columns = ["amount", "id"] }
[[operator]]
id = "counts"
uses = "window.tumbling"
from = ["slow"]
exchange = { kind = "hash", key = "account" }
config = { size = "5s", allowed_lateness = "3s", aggregates = ["count() AS trades", "sum(amount) AS amount", "first(id) AS first", "last(id) AS last"] }
[[operator]]
id = "totals"
uses = "window.tumbling"
from = ["counts"]
exchange = { kind = "hash", key = "trades" }
config = { size = "5s", aggregates = ["count() AS accounts", "sum(amount) AS amount"] }
[[operator]]
id = "checked"
uses = "join.keyed"
from = [{ port = "slow", exchange = { kind = "hash", key = "account" } }, { port = "bounds", exchange = { kind = "hash", key = "account" } }]
config = { type = "left", columns = ["left.id", "left.amount", "right.most"] }
"""
KILLED = """
format = 1
name = "deterministic-killed"
deterministic = true
deterministic_step = "200ms"
parallelism = PARALLELISM
[limits]
batch_rows = BATCH
[checkpoint]
interval = "150ms"
[restart]
initial_backoff = "10ms"
[[source]]
id = "nexmark"
uses = "nexmark.source"
config = { events = 200_000, out_of_order_us = 500_000RATE }
watermark = { out_of_orderness = "501ms" }
parallelism = 1
[[operator]]
id = "last"
uses = "keyed.dedupe"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = ["bidder", "auction"] }
config = { keep = "last", columns = ["price", "ts"] }
[[operator]]
id = "counts"
uses = "window.tumbling"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "auction" }
config = { size = "1s", aggregates = ["count() AS bids", "max(price) AS most"] }
"""
OUTPUTS = ("last", "counts", "late", "totals", "checked")
FILES, ROWS = 4, 3000
SINK = """
[[sink]]
id = "{name}_out"
uses = "file.sink"
from = ["{port}"]
format = "json"
config = {{ path = "OUT/{name}-{{subtask}}-{{seq}}.jsonl" }}
parallelism = 1
"""


def sinks(*names):
    return "".join(SINK.format(name=name, port="counts:late" if name == "late" else name) for name in names)


def stamp(milliseconds):
    return f"2026-03-02T09:{milliseconds // 60000:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}Z"


class Deterministic(Case):
    def setUp(self):
        super().setUp()
        chance = random.Random(11)
        os.makedirs(self.path("in"))
        for file in range(FILES):
            with open(self.path("in", f"trades-{file}.jsonl"), "w", encoding="utf8") as out:
                for n in range(ROWS):
                    # Times are coarse, so that many are equal; up to 2 s out of order, and now and then very late.
                    at = max(0, n * 40 - chance.choice((0, 0, 500, 1900)) - (9000 if chance.random() < 0.02 else 0)) // 20 * 20
                    out.write(json.dumps({"id": file * ROWS + n, "account": chance.randrange(40), "amount": chance.randrange(1000),
                                          "at": stamp(at)}) + "\n")
        with open(self.path("in", "limits-0.jsonl"), "w", encoding="utf8") as out:
            for n in range(400):
                out.write(json.dumps({"account": chance.randrange(40), "most": chance.randrange(1000), "at": stamp(n * 300)}) + "\n")

    def told(self, name, parallelism, batch, rate=10_000_000):
        text = (PIPELINE + sinks(*OUTPUTS)).replace("PARALLELISM", str(parallelism)).replace("BATCH", str(batch)).replace("RATE", str(rate))
        return self.write(f"{name}.toml", text.replace("IN/", self.path("in") + "/").replace("OUT/", self.path(name) + "/"))

    def bytes_of(self, folder):
        """What each sink has written, its files one after the other."""
        told = {}
        for output in OUTPUTS:
            files = glob.glob(os.path.join(self.path(folder), f"{output}-*.jsonl"))
            files.sort(key=lambda p: [int(n) for n in os.path.basename(p)[:-6].split("-")[1:]])
            text = b"".join(pathlib.Path(f).read_bytes() for f in files)
            told[output] = (hashlib.sha256(text).hexdigest(), text.count(b"\n"))
        return told

    def run_calm(self, name, parallelism, batch):
        done = weir("run", self.told(name, parallelism, batch), "--json", env={"WEIR_STATE_DIR": self.path("state-" + name)})
        self.assertEqual(done.code, 0, done)
        return self.bytes_of(name)

    def test_any_parallelism_and_batch_size_gives_the_same_bytes(self):
        wanted = self.run_calm("calm", 1, 1024)
        for output in OUTPUTS:
            self.assertGreater(wanted[output][1], 5, f"{output} has too little in it to say something")
        self.assertEqual(wanted["last"][1], FILES * ROWS)
        for parallelism in (1, 2, 4):
            for batch in (1, 64, 4096):
                with self.subTest(parallelism=parallelism, batch=batch):
                    self.assertEqual(self.run_calm(f"calm-{parallelism}-{batch}", parallelism, batch), wanted)

    def test_kills_change_nothing(self):
        # A source that takes its time: rows wait for their turn at every cut.
        def told(name, parallelism, batch, rate):
            text = (KILLED + sinks("last", "counts")).replace("PARALLELISM", str(parallelism)).replace("BATCH", str(batch)).replace("RATE", rate)
            return self.write(f"{name}.toml", text.replace("OUT/", self.path(name) + "/"))

        self.run_well(told("calm", 1, 1024, ", rate = 40_000"), env={"WEIR_STATE_DIR": self.path("state-calm")})
        wanted = self.bytes_of("calm")
        self.assertGreater(wanted["last"][1], 100_000)
        for parallelism, batch in ((1, 64), (2, 4096)):
            with self.subTest(parallelism=parallelism, batch=batch):
                name = f"killed-{parallelism}"
                run = KilledRun(told(name, parallelism, batch, ", rate = 40_000"), env={"WEIR_STATE_DIR": self.path("state-" + name)},
                                seed=parallelism, kills=4)
                self.assertEqual(run.outcome.code, 0, run.outcome)
                self.assertGreaterEqual(run.killed, 3)
                self.assertEqual(self.bytes_of(name), wanted)


if __name__ == "__main__":
    unittest.main(verbosity=2)
