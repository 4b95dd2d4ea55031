#!/usr/bin/env python3
"""The exceptions pipeline on files: every event that goes in comes out once, or is a dead letter with a reason."""
import collections
import glob
import json
import os
import unittest

from support import Case, pipeline

EVENTS, MALFORMED = 100_000, 1_000
DESKS = ["commodities", "credit", "equities", "fx", "rates"]
# As events/event_text.cpp makes them, in turn.
REASONS = 10


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Exceptions(Case):
    def run_both(self, *more):
        env = {"EXCEPTIONS_IN": self.path("in.jsonl"), "EXCEPTIONS_OUT": self.path("out")}
        os.makedirs(self.path("out"), exist_ok=True)
        if not os.path.exists(self.path("in.jsonl")):
            made = self.run_well(pipeline("exceptions/generate.toml"), "--set", f"made.events={EVENTS}", "--set", "made.malformed=0.01", env=env)
            self.assertEqual(made["sinks"]["file"]["rows"], EVENTS)
        result = self.run_well(pipeline("exceptions/exceptions.toml"), *more, env=env)
        files = {os.path.basename(path)[:-6].replace("dead-letters", "rejected"): lines(path) for path in glob.glob(self.path("out", "*.jsonl"))}
        return result, files

    def check(self, result, files):
        self.assertEqual(result["records_in"], EVENTS)
        self.assertEqual(result["dead_letters"], MALFORMED)
        self.assertEqual(result["records_in"], result["records_out"] + result["dead_letters"], result)
        for name, rows in files.items():
            self.assertEqual(result["sinks"][name]["rows"], len(rows), name)
        self.assertEqual(len(files["rejected"]), MALFORMED)
        with open(self.path("in.jsonl"), encoding="utf-8") as file:
            given = file.read().splitlines()
        self.assertEqual(len(given), EVENTS)
        ids_in = collections.Counter(line[13:45] for line in given if line.startswith('{"trace_id":"'))
        out = [row for name, rows in files.items() if name != "rejected" for row in rows]
        ids_out = collections.Counter(row["trace_id"] for row in out)
        self.assertEqual(max(ids_out.values()), 1, "no event comes out twice")
        self.assertEqual(ids_out - ids_in, collections.Counter(), "every trace_id that comes out came in")
        self.assertEqual(sum(ids_out.values()), EVENTS - MALFORMED)
        for name in DESKS + ["critical"]:
            self.assertTrue(files[name], f"{name} has events")
            for row in files[name]:
                self.assertEqual(row["severity"] == "critical", name == "critical", row)
                self.assertIn(row["desk"], DESKS if name == "critical" else [name], row)
        self.assertFalse(files.get("other"), "every desk has a route")
        self.assertEqual({row["severity"] for row in out}, {"low", "medium", "high", "critical"})
        return sorted(json.dumps(row, sort_keys=True) for row in out)

    def test_what_goes_in_comes_out_or_is_a_dead_letter(self):
        result, files = self.run_both()
        once = self.check(result, files)
        reasons = collections.Counter(row["reason"] for row in files["rejected"])
        self.assertGreaterEqual(len(reasons), REASONS - 2, reasons)
        self.assertTrue(all(row["reason"] and row["offset"] is not None for row in files["rejected"]))
        self.assertEqual({row["operator"] for row in files["rejected"]}, {"events", "score"})

        # What could not be decoded has a trace all the same: the id of its place, and the source that read it.
        for row in files["rejected"]:
            self.assertRegex(row["trace_id"], "^[0-9a-f]{32}$")
            self.assertEqual(row["source_id"] == "events", row["operator"] == "events", row)
        self.assertEqual(len({row["trace_id"] for row in files["rejected"]}), MALFORMED)

        # The same events in small batches, on two threads: the same rows.
        result, files = self.run_both("--set", "limits.batch_rows=7", "--set", "score.chain=false", "--set", "score.parallelism=2")
        self.assertEqual(self.check(result, files), once)


if __name__ == "__main__":
    unittest.main(verbosity=2)
