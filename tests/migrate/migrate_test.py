#!/usr/bin/env python3
"""`weir run --from` with another version of the plugin: what it emits is what plain Python says, as if nothing had changed."""
import json
import os
import random
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "pipelines"))
from support import Case, rows, weir  # noqa: E402

PLUGINS = os.environ["WEIR_TOTALS_DIR"]
PIPELINE = """
format = 1
name = "migrate"
[checkpoint]
interval = "50ms"
[[source]]
id = "given"
uses = "file.source"
config = { path = "FOLDER/in.jsonl" }
format = { type = "json", columns = { account = "string", amount = "int32", book = "int32" } }
watermark = { out_of_orderness = "0s" }
[[operator]]
id = "totals"
uses = "totals.sum"
from = ["given"]
exchange = { kind = "hash", key = "account" }
parallelism = PARALLELISM
[[sink]]
id = "out"
uses = "file.sink"
from = ["totals"]
format = "json"
config = { path = "FOLDER/OUT/out-{subtask}-{seq}.jsonl" }
"""


class Account:
    """What one account comes to, in the words of each version."""

    def __init__(self):
        self.count, self.sum, self.largest, self.recent, self.books, self.label, self.last_book = 0, 0, 0, [], {}, None, "-"
        self.old_books = set()

    def add(self, version, amount, book):
        self.count += 1
        self.sum += amount
        self.largest = max(self.largest, amount)
        self.recent = [*self.recent, amount][-3:]
        self.books[book] = self.books.get(book, 0) + 1
        if version > 1:
            self.last_book = str(book)
        if self.label is None:
            self.label = amount

    def shown(self, version, account):
        books = " ".join(f"{b}={n}" + ("/7" if version > 1 else "") for b, n in sorted(self.books.items()))
        label = str(self.label) if version >= 3 else ("#" if self.label >= 0 else "minus") + str(self.label)
        return {"account": account, "count": self.count, "sum": self.sum, "limit": 1000 if version > 1 else self.largest,
                "last_book": self.last_book, "recent": "".join(f"{a}n{a} " for a in self.recent), "books": books + " ", "label": label}


class Migrate(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(11)
        self.accounts = {}
        self.lines = 0
        self.runs = 0
        self.wanted = []

    def give(self, version, count, negative=False):
        """Appends records to the input; what this version makes of them is remembered."""
        with open(self.path("in.jsonl"), "a", encoding="utf-8") as file:
            for _ in range(count):
                account, amount, book = f"a{self.random.randrange(40)}", self.random.randrange(200), self.random.randrange(-3, 5)
                if negative:
                    account, amount, negative = "negative", -5, False
                file.write(json.dumps({"account": account, "amount": amount, "book": book}) + "\n")
                self.accounts.setdefault(account, Account()).add(version, amount, book)
                self.wanted.append(self.accounts[account].shown(version, account))

    def from_run(self, number):
        return "--from", self.path("state", "migrate", "checkpoints", str(number))

    def run_version(self, version, *more, parallelism=1):
        self.runs += 1
        os.makedirs(self.path(f"out{self.runs}"))
        text = PIPELINE.replace("FOLDER", self.folder).replace("OUT", f"out{self.runs}").replace("PARALLELISM", str(parallelism))
        file = self.write("migrate.toml", text)
        return weir("run", file, "--json", "--plugin-dir", os.path.join(PLUGINS, str(version)), *more, env={"WEIR_STATE_DIR": self.path("state")})

    def compare(self, done):
        self.assertEqual(done.code, 0, done)
        found = [row for row in rows(self.path(f"out{self.runs}"), "out") if "timer" not in row["label"]]
        self.assertEqual({"dead letters": done.result["dead_letters"]}, {"dead letters": 0}, done)
        key = json.dumps
        self.assertEqual(sorted(map(key, found)), sorted(map(key, self.wanted)))
        for account in self.accounts:
            self.assertEqual([r for r in found if r["account"] == account], [r for r in self.wanted if r["account"] == account], "in order")
        self.wanted = []

    def test_each_version_goes_on_from_the_cut_of_the_one_before(self):
        self.give(1, 500)
        self.compare(self.run_version(1))
        self.give(2, 500)
        self.compare(self.run_version(2, "--from", "latest", parallelism=3))
        # Its own cuts are of the new form: it goes on from them, and version 3 does too.
        self.give(2, 200)
        self.compare(self.run_version(2, "--from", "latest", parallelism=2))
        self.give(3, 500)
        self.compare(self.run_version(3, "--from", "latest"))
        self.give(3, 100)
        self.compare(self.run_version(3, "--from", "latest", parallelism=2))

    def test_a_version_may_be_left_out(self):
        self.give(1, 300)
        self.compare(self.run_version(1))
        self.give(3, 300)
        self.compare(self.run_version(3, "--from", "latest"))

    def test_what_has_no_room_is_refused_by_name_and_nothing_is_lost(self):
        self.give(1, 300)
        self.compare(self.run_version(1))
        done = self.run_version(4, "--from", "latest", "--no-supervisor")
        self.assertNotEqual(done.code, 0, done)
        for part in ("totals", "state total", "field count", "int32", "int16"):
            self.assertIn(part, done.err, done)
        self.give(2, 300)
        self.compare(self.run_version(2, *self.from_run(1)))

    def test_the_plugins_own_reason_is_told(self):
        self.give(1, 50, negative=True)
        self.compare(self.run_version(1))
        done = self.run_version(3, "--from", "latest", "--no-supervisor")
        self.assertNotEqual(done.code, 0, done)
        for part in ("state label", "plugin totals 3.0.0", "the label 'minus-5' is no number"):
            self.assertIn(part, done.err, done)
        self.give(2, 50)
        self.compare(self.run_version(2, *self.from_run(1)))

    def test_the_way_back_is_refused_where_a_field_gets_smaller(self):
        self.give(2, 100)
        self.compare(self.run_version(2))
        done = self.run_version(1, "--from", "latest", "--no-supervisor")
        self.assertNotEqual(done.code, 0, done)
        self.assertRegex(done.err, re.compile("field \\w+.* is int64 in the checkpoint, but int32 now.*weir.migrate/1"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
