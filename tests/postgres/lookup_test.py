#!/usr/bin/env python3
"""lookup.postgres while its server goes away and comes back: in = out + dead letters, and rows are named again afterwards."""
import base64
import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests/pipelines"))
from support import PATIENCE, SOURCE, Case, Running, weir  # noqa: E402

PIPELINE = """\
format = 1
name   = "named-by-postgres"

[[source]]
id     = "trades"
uses   = "file.source"
config = {{ path = "{folder}/trades.jsonl"{source} }}
format = {{ type = "json", columns = {{ id = "int64", account = "int64?" }} }}

[[operator]]
id     = "named"
uses   = "lookup.postgres"
from   = ["trades"]

[operator.config]
connection = "${{env:ACCOUNTS}}"
table      = "accounts"
columns    = {{ number = "int64", name = "string" }}
on         = {{ account = "number" }}
add        = ["name AS owner"]
cache_rows = {cache_rows}
timeout    = "500ms"
attempts   = {attempts}
backoff    = "20ms"
backoff_max = "{backoff_max}"
cache_ttl  = "1h"
missing_ttl = "1h"

[[sink]]
id     = "out"
uses   = "file.sink"
from   = ["named"]
format = "json"
config = {{ path = "{folder}/out-{{seq}}.jsonl", max_interval = "100ms" }}

[[sink]]
id     = "rejected"
uses   = "file.sink"
from   = ["named:dead_letter"]
format = "json"
config = {{ path = "{folder}/rejected-{{seq}}.jsonl", max_interval = "100ms" }}
"""


class Server:
    """A server of this program alone."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-test-postgres-")
        self.tell("start", "--minutes", "30")

    def tell(self, *words):
        done = subprocess.run([os.path.join(SOURCE, "tests/services/postgres"), "--dir", self.folder.name, *words], capture_output=True, text=True,
                              timeout=PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"postgres {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def address(self):
        with open(os.path.join(self.folder.name, "address"), encoding="ascii") as file:
            return file.read().strip()

    def close(self):
        self.tell("remove")
        self.folder.cleanup()


class Lookup(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.server.tell("sql", "CREATE TABLE accounts (number bigint PRIMARY KEY, name text NOT NULL); "
                               "INSERT INTO accounts SELECT n, 'name ' || n FROM generate_series(0, 999) n")

    def setUp(self):
        super().setUp()
        self.env = {"ACCOUNTS": self.server.address()}
        self.sent = 0
        self.trades([])

    def pipeline(self, source=", follow = true", cache_rows=0, attempts=3, backoff_max="100ms"):
        return self.write("p.toml", PIPELINE.format(folder=self.folder, source=source, cache_rows=cache_rows, attempts=attempts,
                                                    backoff_max=backoff_max))

    def trades(self, trades):
        with open(self.path("trades.jsonl"), "a", encoding="utf-8") as file:
            file.writelines(json.dumps(trade) + "\n" for trade in trades)

    def trade(self, count=10):
        """Accounts 0 to 1999, of which the table has the first half; some have none."""
        ids = range(self.sent, self.sent + count)
        self.trades({"id": i, "account": None if i % 17 == 0 else i * 7 % 2000} for i in ids)
        self.sent += count

    def rows(self, pattern):
        out = []
        for name in sorted(glob.glob(self.path(pattern)), key=lambda n: (len(n), n)):
            with open(name, encoding="utf-8") as file:
                out += [json.loads(line) for line in file]
        return out

    def trade_until(self, running, condition, what):
        def holds():
            self.trade()
            return condition()
        running.wait_until(holds, what)

    def named(self):
        return sum(row["owner"] is not None for row in self.rows("out-*.jsonl"))

    def check(self, done):
        """Nothing is lost, nothing is made up, the order is kept. Returns the dead letters."""
        self.assertEqual(done.code, 0, done)
        out, rejected = self.rows("out-*.jsonl"), self.rows("rejected-*.jsonl")
        self.assertEqual(done.result["records_in"], len(out) + len(rejected))
        ids = [row["id"] for row in out]
        self.assertEqual(ids, sorted(ids))
        lost = [json.loads(base64.b64decode(row["original"]))["id"] for row in rejected]
        self.assertEqual(sorted(ids + lost), list(range(done.result["records_in"])), "each once, out or as a dead letter")
        for row in out:
            known = row["account"] is not None and row["account"] < 1000
            self.assertEqual(row["owner"], f"name {row['account']}" if known else None)
        return rejected

    def test_every_row_is_named(self):
        self.trade(20_000)
        done = weir("run", self.pipeline(source="", cache_rows=300), "--json", env=self.env)
        self.assertEqual(self.check(done), [])
        self.assertEqual(len(self.rows("out-*.jsonl")), 20_000)

    def test_the_server_is_stopped_for_a_while(self):
        for how in ("stop", "kill"):
            with self.subTest(how):
                for name in glob.glob(self.path("*.jsonl")):
                    os.remove(name)
                self.sent = 0
                self.trades([])
                with Running("run", self.pipeline(), "--json", env=self.env) as running:
                    self.trade_until(running, lambda: self.named() > 50, "named rows")
                    self.server.tell(how)
                    try:
                        self.trade_until(running, lambda: "the database does not answer" in running.err(), "word of the fault")
                        self.trade_until(running, lambda: len(self.rows("rejected-*.jsonl")) > 20, "dead letters")
                    finally:
                        self.server.tell("start", "--minutes", "30")
                    self.trade_until(running, lambda: "the database is back after" in running.err(), "word of the end of the fault")
                    before = self.named()
                    self.trade_until(running, lambda: self.named() > before + 50, "named rows after the fault")
                    done = running.drain()
                rejected = self.check(done)
                self.assertGreater(len(rejected), 20, "the fault has happened")
                self.assertIn("has not answered 3 times", rejected[0]["reason"])
                self.assertNotIn("password=weir", done.err)

    def test_patience_outlasts_a_server_that_hangs_and_one_that_restarts(self):
        with Running("run", self.pipeline(attempts=100, backoff_max="500ms"), "--json", env=self.env) as running:
            self.trade_until(running, lambda: self.named() > 50, "named rows")
            self.server.tell("pause")
            try:
                self.trade_until(running, lambda: "no answer within `timeout`" in running.err(), "word of the hang")
            finally:
                self.server.tell("resume")
            before = self.named()
            self.trade_until(running, lambda: self.named() > before + 50, "named rows after the hang")
            self.server.tell("kill")
            self.trade(100)
            running.wait_until(lambda: running.err().count("the database does not answer") >= 2, "word of the fault")
            self.server.tell("start", "--minutes", "30")
            before = self.named()
            self.trade_until(running, lambda: self.named() > before + 50, "named rows after the restart")
            done = running.drain()
        self.assertEqual(self.check(done), [], "no row was given up")

    def test_what_is_in_the_cache_needs_no_server(self):
        with Running("run", self.pipeline(cache_rows=10_000), "--json", env=self.env) as running:
            self.trade(6000)  # every account, whatever has none
            self.trade_until(running, lambda: len(self.rows("out-*.jsonl")) >= 6000, "every account to be in the cache")
            self.server.tell("stop")
            try:
                before = self.named()
                self.trade_until(running, lambda: self.named() > before + 100, "named rows without a server")
                done = running.drain()
            finally:
                self.server.tell("start", "--minutes", "30")
        self.assertEqual(self.check(done), [])
        self.assertNotIn("does not answer", done.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
