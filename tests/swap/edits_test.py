#!/usr/bin/env python3
"""Edits of a pipeline's file at random, each applied while records flow. From the cut of the change on, what comes out is what a run of the
edited file gives that begins with that cut.

WEIR_LONG: 1,000 edits, otherwise 20. WEIR_EDITS: as many. WEIR_SEED: other ones. WEIR_EDIT: the one of this number alone."""
import collections
import glob
import json
import os
import random
import shutil
import time
import unittest

from support_bids import LONG, line
from support_edits import Pipeline
from support_swap import Running, SwapCase, weir

EDITS = int(os.environ.get("WEIR_EDITS") or (1000 if LONG else 20))
SEED = int(os.environ.get("WEIR_SEED") or 1)
ONLY = os.environ.get("WEIR_EDIT")


class Edits(SwapCase):
    EVENTS = 20_000

    def setUp(self):
        super().setUp()
        self.given = self.path("bids.jsonl")
        with open(self.given, "w", encoding="utf-8") as file:
            for i in range(self.EVENTS):
                at = 36_000_000_000 + i * 2_000 + i // 1500 * 4_000_000 - i * 31 % 100_000
                file.write(line(i * 104_729 % 37, i * 7919 % 100, at) + "\n")

    def rows(self, out, name):
        """Without their time: of rows that are equal but for that, any may be the first."""
        found = []
        for path in sorted(glob.glob(os.path.join(out, f"{name}-*.jsonl")), key=lambda p: int(p[:-6].rsplit("-", 1)[1])):
            with open(path, encoding="utf-8") as file:
                for text in file:
                    row = json.loads(text)
                    row.pop("at", None)
                    found.append(json.dumps(row))
        return found

    def per_bidder(self, rows):
        out = collections.defaultdict(list)
        for row in rows:
            out[json.loads(row)["bidder"]].append(row)
        return out

    def one(self, number, before, after):
        folder = self.path(str(number))
        out, anew = os.path.join(folder, "live"), os.path.join(folder, "anew")
        os.makedirs(out)
        os.makedirs(anew)
        state = f"state-{number}"
        file = self.write("edited.toml", before.text(self.given, out))
        with Running("run", file, "--json", env=self.env(state)) as running:
            running.wait_for('"msg":"cut is complete"')
            time.sleep(random.uniform(0, 0.2))
            self.write("edited.toml", after.text(self.given, out))
            applied = weir("apply", file, "--json", env=self.env(state))
            self.let_pace_go(state)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        if applied.code == 78:
            return self.refused(applied, before, out, anew, state)
        self.assertEqual(applied.code, 0, applied)
        change = json.loads(applied.out)
        self.assertEqual(change["state"], "committed", change)
        if change["cut"] == 0:
            return "nothing that runs is different"
        file = self.write("anew.toml", after.text(self.given, anew))
        cut = self.path(state, "edited", "checkpoints", "1", f"cut-{change['cut']:012}.manifest")
        fresh = self.run_well(file, "--from", cut, "--set", "pace.rate=1000000000.0", "--allow-dropped-state", env=self.env(state + "-anew"))
        self.assertEqual(done.result["records_in"], self.EVENTS)
        self.assertEqual(fresh["records_in"], self.EVENTS)
        compared = 0
        for name in after.sinks | {"pace"}:
            was = next((n.was for n in after.nodes if n.name == name and n.was), None)
            live, expected = (self.rows(out, was) if was else []) + self.rows(out, name), self.rows(anew, name)
            # The cut itself knows how many rows the sink had taken.
            taken = int(fresh["sinks"][name + "_out"]["rows"]) - len(expected)
            self.assertEqual(len(live), taken + len(expected), f"sink of {name}: {taken} rows until the cut")
            behind = live[taken:]
            self.assertEqual(collections.Counter(behind), collections.Counter(expected), f"sink of {name}")
            if name == "pace" or after.ordered(name):
                self.assertEqual(self.per_bidder(behind), self.per_bidder(expected), f"sink of {name}, in order")
            compared += len(expected)
        self.assertGreater(compared, 0, "nothing came behind the cut")
        shutil.rmtree(folder)
        shutil.rmtree(self.path(state))
        shutil.rmtree(self.path(state + "-anew"))
        return "hot" if change["hot"] else "at a cut"

    def refused(self, applied, before, out, anew, state):
        """The file says what cannot be: a window's state is of the type of what it adds up. Then nothing has happened."""
        self.assertRegex(applied.err, "operator window\\d+: state window: ")
        file = self.write("anew.toml", before.text(self.given, anew))
        self.run_well(file, "--set", "pace.rate=1000000000.0", env=self.env(state + "-anew"))
        for name in before.sinks | {"pace"}:
            self.assertEqual(collections.Counter(self.rows(out, name)), collections.Counter(self.rows(anew, name)), f"sink of {name}")
        return "refused"

    def let_pace_go(self, state):
        change = self.change("swap", "edited", "pace", "--config", "rate=1000000000.0", name=state)
        self.assertEqual(change["state"], "committed", change)

    def test_an_edit_at_random_is_as_a_fresh_run_from_its_cut(self):
        edits = random.Random(SEED)
        now, how, began = Pipeline(), collections.Counter(), time.monotonic()
        for number in range(EDITS):
            after, told = now.edited(edits)
            if number % 40 == 39:
                after, told = Pipeline(), ["begin anew"]
                now = after
                continue
            if ONLY and number != int(ONLY):
                now = after
                continue
            with self.subTest(number=number, seed=SEED, edits=told):
                how[self.one(number, now, after)] += 1
            now = after
            if LONG and number % 20 == 0:
                print(f"{number}: {dict(how)}, {time.monotonic() - began:.0f} s", flush=True)
        print(f"{sum(how.values())} edits in {time.monotonic() - began:.0f} s: {dict(how)}")
        if ONLY:
            return
        self.assertGreater(how["at a cut"], 0)
        self.assertGreaterEqual(how["at a cut"] + how["hot"], EDITS * 3 // 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
