#!/usr/bin/env python3
"""The worker is killed at every named step of a change: what comes out is that of a calm run, and exactly the old or the new version serves.

The list of steps is that of the sources. WEIR_LONG: each step is killed at five times, otherwise once."""
import collections
import glob
import os
import re
import sys
import time
import unittest

from support_swap import Running, SwapCase, plugin, wait_for, weir
import support  # of tests/pipelines

FAULTY = os.environ["WEIR_FAULTY_PROGRAM"]
ANEW = {"change.drained", "change.built", "change.serving_anew", "change.begun_anew"}
BACK = {"change.going_back", "change.old_made", "change.old_serves", "change.rolled_back"}
# Reached by the worker that comes after one that was killed in the middle of a change.
AFTER = {"change.settled"}
# In a canary of two shares and then everything: the step, and how often it was passed before.
CANARY = [("canary.prepared", 1), ("canary.step", 1), ("canary.step", 2), ("canary.step", 3), ("canary.serving_share", 1), ("canary.serving_share", 2),
          ("canary.serving_all", 1), ("exchange.announced", 1), ("exchange.announced", 2), ("exchange.announced", 3), ("exchange.before", 1),
          ("exchange.before", 4), ("exchange.before", 6), ("exchange.done", 2), ("exchange.done", 3), ("exchange.done", 5), ("exchange.let_go", 1),
          ("exchange.let_go", 3), ("exchange.let_go", 5), ("change.before_commit_noted", 1), ("change.committed", 1)]
TIMES = 5 if os.environ.get("WEIR_LONG") else 1


def steps():
    names = []
    for path in glob.glob(os.path.join(support.SOURCE, "host", "**", "*.cpp"), recursive=True):
        with open(path, encoding="utf-8") as file:
            names += re.findall(r'\bfault_point\("((?:change|exchange)\.[\w.]+)"\)', file.read())
    return sorted(names)


class Faulty(Running):
    """The program that dies at named places."""

    def __init__(self, *arguments, env):
        usual, support.PROGRAM = support.PROGRAM, FAULTY
        try:
            super().__init__(*arguments, env=env)
        finally:
            support.PROGRAM = usual


class FaultPoints(SwapCase):
    EVENTS = 300_000

    def killed_at(self, step, number, passed=1, canary=()):
        name = f"{step.replace('.', '-').replace('_', '-')}-{number}-{passed}" + ("-canary" if canary else "")
        faults = self.path(name + ".faults")
        os.makedirs(faults)
        file, out = self.told(name)
        # The definition that the run begins with is written too.
        told = {"change.definition_written": f"{step}:2", "change.settled": f"exchange.done:1;{step}:1"}.get(step, f"{step}:{passed}")
        env = {**self.env(name), "WEIR_FAULTS": faults, "WEIR_FAULT_POINT": told}

        def killed():
            try:
                with open(os.path.join(faults, "killed"), encoding="utf-8") as f:
                    return collections.Counter(f.read().split())[step]
            except FileNotFoundError:
                return 0

        with Faulty("run", file, "--json", env=env) as running:
            running.wait_for('"msg":"cut is complete"')
            version = "throws_later" if step in BACK else "v2"
            more = list(canary) or ["--rebuild"] if canary or step in ANEW else ["--probation", "20s"] if step in BACK else []
            weir("swap", name, "counts", "--plugin", plugin(version), *more, env=self.env(name))
            wait_for(lambda: killed() or running.process.poll() is not None, f"the worker to be killed at {step}")
            self.assertEqual(killed(), 1, f"{step} was not reached\n{running.err()[-4000:]}")
            wait_for(lambda: self.decided(name) or running.process.poll() is not None, "the change to be decided")
            state = self.history(name, name)[-1]["state"] if self.history(name, name) else "never begun"
            serving = self.serving(name)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertGreaterEqual(done.err.count('"msg":"worker started"'), 2)
        self.assertIn(state, ("committed", "rolled back", "given up", "never begun"))
        self.assertEqual(serving, "activity@2.0.0" if state == "committed" else "activity@1.0.0", f"{step}: {state}\n{done.err[-3000:]}")
        seen = self.read(out)
        self.assertEqual([line for line in seen if '"made_by":3' in line], [])
        self.assert_same(seen, self.calm())
        return state

    def decided(self, name):
        history = self.history(name, name)
        return all(c["state"] in ("committed", "rolled back", "given up", "refused") for c in history)

    def serving(self, name):
        """The version that works, once a worker answers."""
        found = []

        def look():
            found.extend(s["plugin"] for s in self.subtasks(name, "counts", name))
            return bool(found)
        wait_for(look, "the worker to answer")
        self.assertEqual(len(set(found)), 1, found)
        return found[0]

    def test_killed_at_every_step(self):
        ended = collections.Counter()
        for step in steps():
            for number in range(TIMES):
                with self.subTest(step, number=number):
                    ended[self.killed_at(step, number)] += 1
        print(dict(ended))
        self.assertGreater(ended["rolled back"], 0)
        self.assertGreater(ended["committed"], 0)

    def test_killed_at_every_step_of_a_canary(self):
        ended = collections.Counter()
        for step, passed in CANARY:
            with self.subTest(step, passed=passed):
                ended[self.killed_at(step, 0, passed, ("--canary", "30%,60%"))] += 1
        print(dict(ended))
        self.assertGreater(ended["rolled back"], len(CANARY) // 2)
        self.assertGreater(ended["committed"], 0)

    def test_there_are_as_many_steps_as_the_protocol_has(self):
        self.assertGreaterEqual(len(steps()), 20)
        self.assertEqual([s for s, n in collections.Counter(steps()).items() if n > 1], [], "a name is one place")


if __name__ == "__main__":
    unittest.main(verbosity=2)
