#!/usr/bin/env python3
"""weir is killed at named places of its own protocol, on files: what comes out is what an undisturbed loop says.

The list of places is that of the sources: a new one is tested, or the test fails because it was not reached. WEIR_LONG: each place in a
run of its own, three kills at least; otherwise all places in one run, a kill each."""
import os
import unittest

from support_auctions import Auctions, compare, on_files, rows_of_files
from support_faults import FaultyRun, points, together
from support_recovery import Case

BIDS = 60_000
RATE = 1_000  # bids a second until all kills have happened; then as fast as it goes


class FaultPoints(Case):
    def check(self, name, kills, first=""):
        out = self.path(name)
        os.makedirs(out)
        file = self.write(f"{name}.toml", on_files(self.folder, out, RATE))
        run = FaultyRun(self.path(name + ".faults"), file, kills, first, env={"WEIR_STATE_DIR": self.path(name + ".state")})
        compare(self, self.wanted, lambda sink: rows_of_files(out, sink))
        for point, passages in kills.items():
            self.assertEqual(run.killed.get(point, 0), len(passages), f"killed at {point}; passages: {run.passed(point)}")

    def setUp(self):
        super().setUp()
        data = Auctions(BIDS)
        data.files(self.folder)
        self.wanted = data.wanted()

    def test_kills_at_every_place(self):
        places = points("host", "plugins/file")
        if not os.environ.get("WEIR_LONG"):
            return self.check("all", together(places, 1))
        for point in places:
            with self.subTest(point):
                self.check(point, together([point], 3), first="cut.complete:2;sink.prepared:9")

    def test_there_are_as_many_places_as_the_protocol_has_steps(self):
        self.assertGreaterEqual(len(points("host", "plugins/file", "plugins/kafka")), 30)
        self.assertEqual(sorted(points("host", "plugins")), sorted(points("host", "plugins/file", "plugins/kafka")), "places that no test covers")


if __name__ == "__main__":
    unittest.main(verbosity=2)
