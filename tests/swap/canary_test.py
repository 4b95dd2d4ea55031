#!/usr/bin/env python3
"""A version that takes over bit by bit: a share of the keys first, in order per key, and all of it back when it is wrong."""
import collections
import json
import unittest

from support_swap import PIPELINE, Running, SwapCase, held_back, plugin, weir


def unmarked(lines):
    return [line.replace('"made_by":2', '"made_by":0') for line in lines]


class Canary(SwapCase):
    EVENTS = 200_000
    RATE = 60_000

    def makers(self, lines):
        """By key, who made its rows, in their order: each version once."""
        out = collections.defaultdict(list)
        for line in lines:
            row = json.loads(line)
            if out[row["bidder"]][-1:] != [row["made_by"]]:
                out[row["bidder"]].append(row["made_by"])
        return out

    def share_of_keys(self, out, subtask):
        """Of the keys that had a row while both versions served, those that the new one served."""
        lines = [json.loads(line) for line in self.read(out, subtask)]
        begin = next(i for i, row in enumerate(lines) if row["made_by"] == 2)
        last = {row["bidder"]: row["made_by"] for row in lines[begin:]}
        return sum(by == 2 for by in last.values()) / len(last)

    def test_a_share_of_the_keys_until_the_end(self):
        file, out = self.told("share")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "share", "counts", "--plugin", plugin("marks"), "--canary", "25%", "--step", "1h", "--no-wait")
            self.assertEqual((change["state"], change["shares"], change["step"]), ("on probation", ["25%", "100%"], 1), change)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        seen = self.read(out)
        self.assert_same(unmarked(seen), self.calm())
        makers = self.makers(seen)
        self.assertEqual(set(map(tuple, makers.values())) - {(0,), (0, 2), (2,)}, set(), "a key that came back to the old version")
        for subtask in range(2):
            part = self.share_of_keys(out, subtask)
            self.assertTrue(0.15 < part < 0.35, part)
        change = self.history("share")[-1]
        self.assertEqual((change["state"], change["step"]), ("rolled back", 1), change)

    def test_step_by_step_until_it_serves_everything(self):
        file, out = self.told("ramp")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "ramp", "counts", "--plugin", plugin("marks"), "--canary", "5%,50%")
            self.assertEqual((change["state"], change["hot"], change["shares"], change["step"]), ("committed", True, ["5%", "50%", "100%"], 3), change)
            self.assertIn("activity@2.0.0", weir("ps", "--json", env=self.env()).out)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        seen = self.read(out)
        self.assert_same(unmarked(seen), self.calm())
        makers = self.makers(seen)
        self.assertEqual(set(map(tuple, makers.values())) - {(0,), (0, 2), (2,)}, set())
        print("pause in us:", change["pause_us"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
