#!/usr/bin/env python3
"""The features pipeline on files: a feature record for each event, each number that of a loop over all events before it."""
import os
import unittest

from features_expected import expected, parsed
from support import Case, pipeline, rows

EVENTS = 20_000

# Written down by hand: a day in the life of two accounts, and what each line comes to.
RECORDED = """\
{"trace_id":"01","source_id":"hub","event_id":"1","desk":"fx","account":"A","counterparty":"Alder","channel":"swift","amount":100.00,"currency":"EUR","event_at":"2026-03-02T09:00:10Z"}
{"trace_id":"02","source_id":"hub","event_id":"2","desk":"fx","account":"A","counterparty":"Birch","channel":"sepa","amount":300.00,"currency":"EUR","event_at":"2026-03-02T10:00:59.5Z"}
{"trace_id":"03","source_id":"hub","event_id":"3","desk":"fx","account":"B","counterparty":"Alder","channel":"card","amount":10.00,"currency":"USD","event_at":"2026-03-02T10:01:00Z"}
not an event
{"trace_id":"04","source_id":"hub","event_id":"4","desk":"fx","account":"A","counterparty":"Alder","channel":"swift","amount":500.00,"currency":"EUR","event_at":"2026-03-02T10:01:00Z"}
{"trace_id":"05","source_id":"hub","event_id":"5","desk":"fx","account":"A","counterparty":"Cedar","channel":"api","amount":1000,"currency":"JPY","event_at":"2026-03-02T10:00:57Z"}
{"trace_id":"06","source_id":"hub","event_id":"6","desk":"fx","account":"A","counterparty":"Cedar","channel":"api","amount":5.00,"currency":"DOGE","event_at":"2026-03-02T10:01:02Z"}
{"trace_id":"07","source_id":"hub","event_id":"7","desk":"fx","account":"A","counterparty":"Alder","channel":"swift","amount":200.00,"currency":"EUR","event_at":"2026-03-03T09:01:30Z"}
{"trace_id":"08","source_id":"hub","event_id":"8","desk":"fx","account":"A","counterparty":"Alder","channel":"swift","amount":7.00,"currency":"EUR","event_at":"2026-03-05T09:00:00Z"}
"""
TOLD = {  # count_1h, sum_1h, count_24h, sum_24h, max_24h, counterparties_24h, counterparty_is_new, previous_channel, seconds_since_previous
    "1": (0, 0, 0, 0, None, 0, True, None, None),
    "2": (1, 100, 1, 100, 100, 1, True, "swift", 3649.5),  # the minute an hour before counts
    "3": (0, 0, 0, 0, None, 0, True, None, None),
    "4": (1, 300, 2, 400, 300, 2, False, "sepa", 0.5),
    "5": (2, 400, 2, 400, 300, 2, True, "swift", 3647.0),  # out of order: what is later than its minute does not count
    "7": (0, 0, 3, 806.10, 500, 3, False, "swift", 82830.0),  # 09:00 of the day before is a minute too old
    "8": (0, 0, 0, 0, None, 0, True, None, None),
}


class Features(Case):
    def run_features(self, given, name, *more):
        os.makedirs(self.path(name))
        result = self.run_well(pipeline("features/features.toml"), *more,
                               env={"FEATURES_IN": given, "FEATURES_OUT": self.path(name), "WEIR_STATE_DIR": self.path(name + ".state")})
        return result, {sink: rows(self.path(name), sink, parse=parsed) for sink in ("features", "late", "rejected")}

    def test_every_event_has_its_features_once(self):
        given = self.path("in.jsonl")
        self.run_well(pipeline("features/generate.toml"), "--set", f"made.events={EVENTS}", "--set", "made.accounts=60", "--set", "made.every=20s",
                      env={"FEATURES_IN": given})
        with open(given, encoding="utf-8") as file:
            wanted = expected(file)
        self.assertEqual(len(wanted), EVENTS)
        for some in ("max_1h", "zscore_24h", "previous_channel"):
            self.assertGreater(sum(row[some] is not None for row in wanted.values()), EVENTS // 3, some)
        self.assertGreater(sum(row["count_24h"] == 0 for row in wanted.values()), 20, "accounts that were silent for a day")
        for name, more in (("one", ()), ("two", ("--set", "parallelism=2", "--set", "limits.batch_rows=17"))):
            with self.subTest(name):
                result, found = self.run_features(given, name, *more)
                self.assertEqual((result["dead_letters"], len(found["late"])), (0, 0))
                self.assertEqual(len(found["features"]), EVENTS, "one each")
                for row in found["features"]:
                    self.assertEqual(row, wanted[row["event_id"]])
                self.assertEqual({row["event_id"] for row in found["features"]}, set(wanted))

    def test_what_was_written_down_comes_to_what_people_say(self):
        result, found = self.run_features(self.write("recorded.jsonl", RECORDED), "out")
        names = ("count_1h", "sum_1h", "count_24h", "sum_24h", "max_24h", "counterparties_24h", "counterparty_is_new", "previous_channel",
                 "seconds_since_previous")
        told = {row["event_id"]: tuple(row[n] for n in names) for row in found["features"]}
        self.assertEqual({i: tuple(float(v) if n.startswith("sum") else v for n, v in zip(names, row)) for i, row in told.items()}, TOLD)
        seventh = next(row for row in found["features"] if row["event_id"] == "7")
        self.assertEqual(float(seventh["sum_24h"]), 806.10)
        self.assertAlmostEqual(seventh["zscore_24h"], (200 - 268.70) / 202.845, places=4)
        self.assertEqual(len(found["rejected"]), 2)
        self.assertEqual((result["dead_letters"], result["late"]), (2, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
