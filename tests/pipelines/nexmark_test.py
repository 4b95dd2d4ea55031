#!/usr/bin/env python3
"""The Nexmark pipelines give the rows and sums that a program which shares no code with weir has made (tests/bench/expected.json)."""
import json
import os
import unittest

from support import SOURCE, Case, pipeline

EVENTS = 1_000_000
QUERIES = ["q0", "q1", "q2", "q3", "q5", "q7", "q8", "q11", "q18"]
DISORDER_US = 5_000_000  # half a window of 10 s

with open(os.path.join(SOURCE, "tests/bench/expected.json"), encoding="utf-8") as known:
    EXPECTED = json.load(known)[str(EVENTS)]


class Nexmark(Case):
    def check(self, query, parallelism, *more):
        path = pipeline(f"nexmark/{query}.toml")
        result = self.run_well(path, "--set", f"nexmark.events={EVENTS}", "--set", f"nexmark.splits={parallelism}", "--set",
                               f"parallelism={parallelism}", *more)
        self.assertEqual(result["records_in"], EVENTS)
        self.assertEqual(result["late"], 0)
        sink = result["sinks"]["digest"]
        self.assertEqual({"rows": sink["rows"], "sum": sink["sum"]}, EXPECTED[query])

    def test_every_query_gives_what_is_expected_at_any_parallelism(self):
        for query in QUERIES:
            for parallelism in (1, 2):
                with self.subTest(query, parallelism=parallelism):
                    self.check(query, parallelism)

    def test_every_query_gives_the_same_when_events_come_out_of_order(self):
        for query in QUERIES:
            for parallelism in (1, 2):
                with self.subTest(query, parallelism=parallelism):
                    self.check(query, parallelism, "--set", f"nexmark.out_of_order_us={DISORDER_US}", "--set",
                               f"nexmark.watermark.out_of_orderness={DISORDER_US // 1000}ms")


if __name__ == "__main__":
    unittest.main(verbosity=2)
