#!/usr/bin/env python3
"""The SLA pipeline on files: a breach for each promise that was not kept, once, at the moment that a calendar apart from it says."""
import os
import unittest

from sla_expected import expected, instant
from support import Case, pipeline, rows

EXCEPTIONS = 20_000

# Written down by hand: a Thursday before Easter, the weekend of summer time, and what each line comes to.
RECORDED = """\
{"exception_id":"A","round":1,"event":"opened","desk":"rates","severity":"high","at":"2026-04-02T16:30:00Z"}
{"exception_id":"B","round":1,"event":"opened","desk":"payments","severity":"critical","at":"2026-04-02T17:30:00Z"}
{"exception_id":"C","round":1,"event":"opened","desk":"payments","severity":"critical","at":"2026-04-02T17:30:00Z"}
{"exception_id":"B","round":1,"event":"resolved","desk":"payments","severity":"critical","at":"2026-04-02T18:00:00Z"}
{"exception_id":"C","round":1,"event":"resolved","desk":"payments","severity":"critical","at":"2026-04-02T18:00:00.000001Z"}
{"exception_id":"D","round":1,"event":"opened","desk":"equities","severity":"low","at":"2026-04-02T19:00:00Z"}
not an event
{"exception_id":"E","round":1,"event":"noted","desk":"fx","severity":"low","at":"2026-04-02T19:00:01Z"}
{"exception_id":"F","round":1,"event":"opened","desk":"cheese","severity":"low","at":"2026-04-02T19:00:02Z"}
{"exception_id":"A","round":1,"event":"resolved","desk":"rates","severity":"high","at":"2026-04-07T06:30:00Z"}
{"exception_id":"D","round":1,"event":"resolved","desk":"equities","severity":"low","at":"2026-04-07T18:00:00Z"}
"""


def keys(found):
    return [(row["exception_id"], row["round"]) for row in found]


class Sla(Case):
    def run_sla(self, given, name, *more):
        os.makedirs(self.path(name))
        result = self.run_well(pipeline("sla/sla.toml"), *more,
                               env={"SLA_IN": given, "SLA_OUT": self.path(name), "WEIR_STATE_DIR": self.path(name + ".state")})
        return result, {sink: rows(self.path(name), sink) for sink in ("breaches", "completed", "late", "other", "rejected")}

    def test_every_missed_deadline_is_told_once(self):
        given = self.path("in.jsonl")
        self.run_well(pipeline("sla/generate.toml"), "--set", f"made.exceptions={EXCEPTIONS}", env={"SLA_IN": given})
        breaches, completed, late = expected(given)
        for some in (breaches, completed, late):
            self.assertGreater(len(some), EXCEPTIONS // 20)
        for name, more in (("one", ()), ("two", ("--set", "parallelism=2", "--set", "limits.batch_rows=17"))):
            with self.subTest(name):
                result, found = self.run_sla(given, name, *more)
                self.assertEqual(result["dead_letters"], 0)
                self.assertEqual(sorted(keys(found["breaches"])), sorted(breaches), "one each")
                for row in found["breaches"]:
                    self.assertEqual(instant(row["deadline"]), breaches[row["exception_id"], row["round"]], row)
                self.assertEqual(sorted(keys(found["completed"])), sorted(completed))
                self.assertEqual(sorted(keys(found["late"])), sorted(late))

    def test_what_was_written_down_comes_to_what_people_say(self):
        result, found = self.run_sla(self.write("recorded.jsonl", RECORDED), "out")
        self.assertEqual({row["exception_id"]: row["deadline"] for row in found["breaches"]},
                         {"C": "2026-04-02T18:00:00.000000Z", "D": "2026-04-07T14:00:00.000000Z"})
        self.assertEqual(sorted(keys(found["completed"])), [("A", 1), ("B", 1)])
        self.assertEqual(sorted(keys(found["late"])), [("C", 1), ("D", 1)])
        self.assertEqual(keys(found["other"]), [("E", 1)])
        self.assertEqual(len(found["rejected"]), 2)
        self.assertEqual(result["dead_letters"], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
