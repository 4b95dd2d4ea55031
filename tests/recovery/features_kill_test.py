#!/usr/bin/env python3
"""The features pipeline while its worker is killed: every event has its features once, and they are what an undisturbed loop says."""
import collections
import os
import unittest

from support_recovery import Case, KilledRun, pipeline, rows

from features_expected import expected, parsed

EVENTS = 20_000
RATE = 3_000  # events a second of all subtasks: long enough to be killed


class FeaturesKill(Case):
    def slowed(self, rate):
        """The pipeline as it stands, its input slowed down."""
        with open(pipeline("features/features.toml"), encoding="utf-8") as file:
            text = file.read()
        before = '["events"]'
        self.assertEqual(text.count(before), 1)
        text = text.replace(before, '["slow"]')
        return self.write("slow.toml", text + f'\n[[operator]]\nid = "slow"\nuses = "std.throttle"\nfrom = ["events"]\nconfig = {{ rate = {float(rate)} }}\n')

    def test_features_are_told_once_when_the_worker_is_killed(self):
        given = self.path("in.jsonl")
        self.run_well(pipeline("features/generate.toml"), "--set", f"made.events={EVENTS}", "--set", "made.accounts=60", "--set", "made.every=20s",
                      env={"FEATURES_IN": given})
        with open(given, encoding="utf-8") as file:
            wanted = expected(file)
        in_order = collections.defaultdict(list)
        for event, row in wanted.items():
            in_order[row["account"]].append(event)
        for parallelism in (1, 2):
            with self.subTest(parallelism=parallelism):
                slow = self.slowed(RATE / parallelism)
                out = self.path(f"out{parallelism}")
                os.makedirs(out)
                run = KilledRun(slow, "--set", f"parallelism={parallelism}", "--set", "limits.batch_rows=128", "--set", "checkpoint.interval=200ms",
                                "--set", "restart.initial_backoff=10ms", seed=parallelism, kills=6,
                                env={"FEATURES_IN": given, "FEATURES_OUT": out, "WEIR_STATE_DIR": out + ".state"})
                self.assertEqual(run.outcome.code, 0, run.outcome)
                self.assertGreaterEqual(run.killed, 4, "the test must kill what it is about")
                self.assertIn("state is restored", run.outcome.err, "a worker must have gone on from a cut")
                found = rows(out, "features", parse=parsed)
                self.assertEqual(len(found), EVENTS, "nothing lost, nothing twice")
                told = collections.defaultdict(list)
                for row in found:
                    self.assertEqual(row, wanted[row["event_id"]])
                    told[row["account"]].append(row["event_id"])
                self.assertEqual(told, in_order, "an account's records are in the order of its events")
                self.assertEqual(rows(out, "late") + rows(out, "rejected"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
