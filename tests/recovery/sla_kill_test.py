#!/usr/bin/env python3
"""The SLA pipeline while its worker is killed: what is visible is what a calm run shows, and every breach is there once."""
import os
import unittest

from support_recovery import Case, KilledRun, pipeline, rows

from sla_expected import expected
from sla_test import keys

EXCEPTIONS = 20_000
RATE = 8_000  # events a second: long enough to be killed
SINKS = ("breaches", "completed", "late")


class SlaKill(Case):
    def slowed(self):
        """The pipeline as it stands, its input slowed down."""
        with open(pipeline("sla/sla.toml"), encoding="utf-8") as file:
            text = file.read()
        before = 'from = ["events"]'
        self.assertEqual(text.count(before), 1)
        text = text.replace(before, 'from = ["slow"]')
        return self.write("slow.toml", text + f'\n[[operator]]\nid = "slow"\nuses = "std.throttle"\nfrom = ["events"]\nconfig = {{ rate = {RATE}.0 }}\n')

    def env(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return {"SLA_IN": self.path("in.jsonl"), "SLA_OUT": self.path(name), "WEIR_STATE_DIR": self.path(name + ".state")}

    def test_breaches_are_told_once_when_the_worker_is_killed(self):
        self.run_well(pipeline("sla/generate.toml"), "--set", f"made.exceptions={EXCEPTIONS}", env={"SLA_IN": self.path("in.jsonl")})
        breaches, completed, late = expected(self.path("in.jsonl"))
        slow = self.slowed()
        for parallelism in (1, 2):
            with self.subTest(parallelism=parallelism):
                calm, killed = f"calm{parallelism}", f"killed{parallelism}"
                more = ("--set", f"parallelism={parallelism}", "--set", "limits.batch_rows=128")
                self.run_well(pipeline("sla/sla.toml"), *more, env=self.env(calm))
                run = KilledRun(slow, *more, "--set", "checkpoint.interval=200ms", "--set", "restart.initial_backoff=10ms",
                                env=self.env(killed), seed=parallelism, kills=6)
                self.assertEqual(run.outcome.code, 0, run.outcome)
                self.assertGreaterEqual(run.killed, 4, "the test must kill what it is about")
                self.assertIn("state is restored", run.outcome.err, "a worker must have gone on from a cut")
                for sink, wanted in zip(SINKS, (breaches, completed, late)):
                    found, undisturbed = rows(self.path(killed), sink), rows(self.path(calm), sink)
                    self.assertEqual(sorted(keys(found)), sorted(wanted), sink)
                    self.assertEqual(sorted(map(str, found)), sorted(map(str, undisturbed)), sink)
                for name in (calm, killed):
                    self.in_order(name)

    def in_order(self, name):
        """What a subtask tells is in the order of the deadlines, and so rounds of an exception are."""
        for subtask in range(2):
            told = [row["deadline"] for row in rows(self.path(name), "breaches", subtask)]
            self.assertEqual(told, sorted(told), f"{name}, subtask {subtask}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
