#!/usr/bin/env python3
"""Running count, window and join, files to files, while the worker is killed at random times: 60 times with WEIR_LONG."""
import os
import unittest

from support_auctions import Auctions, compare, on_files, rows_of_files
from support_random_kills import LONG, run_with_kills
from support_recovery import Case

BIDS = 300_000 if LONG else 60_000
RATE = 1_000  # bids a second until all kills have happened; then as fast as it goes
KILLS = 60 if LONG else 8


class AuctionsKill(Case):
    def test_a_worker_that_is_killed_at_random_times(self):
        data = Auctions(BIDS)
        data.files(self.folder)
        os.makedirs(self.path("out"))
        file = self.write("killed.toml", on_files(self.folder, self.path("out"), RATE))
        run_with_kills(self, file, KILLS, {"WEIR_STATE_DIR": self.path("state")}, seed=11)
        compare(self, data.wanted(), lambda sink: rows_of_files(self.path("out"), sink))


if __name__ == "__main__":
    unittest.main(verbosity=2)
