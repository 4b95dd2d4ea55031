#!/usr/bin/env python3
"""The Nexmark pipelines give the rows and sums that a program which shares no code with weir has made (tests/bench/expected.json)."""
import json
import os
import unittest

from support import SOURCE, Case, pipeline

EVENTS = 1_000_000
QUERIES = ["q0", "q1", "q2"]

with open(os.path.join(SOURCE, "tests/bench/expected.json"), encoding="utf-8") as known:
    EXPECTED = json.load(known)[str(EVENTS)]


class Nexmark(Case):
    def test_every_query_gives_what_is_expected_at_any_parallelism(self):
        for query in QUERIES:
            path = pipeline(f"nexmark/{query}.toml")
            for parallelism in (1, 2):
                with self.subTest(query, parallelism=parallelism):
                    result = self.run_well(path, "--set", f"nexmark.events={EVENTS}", "--set", f"nexmark.splits={parallelism}", "--set",
                                           f"parallelism={parallelism}")
                    self.assertEqual(result["records_in"], EVENTS)
                    sink = result["sinks"]["digest"]
                    self.assertEqual({"rows": sink["rows"], "sum": sink["sum"]}, EXPECTED[query])


if __name__ == "__main__":
    unittest.main(verbosity=2)
