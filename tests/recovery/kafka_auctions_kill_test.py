#!/usr/bin/python3
"""auctions_kill_test.py on a real broker, topics to topics by transactions: what a read_committed reader sees."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
from support_auctions import Auctions, compare, on_topics  # noqa: E402
from support_random_kills import LONG, run_with_kills  # noqa: E402
from support_recovery import Case  # noqa: E402
from support_topics import Topics  # noqa: E402

BIDS = 500_000 if LONG else 300_000
RATE = 4_000  # bids a second until all kills have happened; then as fast as it goes
KILLS = 55 if LONG else 6


class KafkaAuctionsKill(Case):
    def test_a_worker_that_is_killed_at_random_times(self):
        data = Auctions(BIDS)
        topics = Topics(data)
        self.addCleanup(topics.close)
        topics.make("killed-")
        file = self.write("killed.toml", on_topics(topics.address, "killed-", RATE))
        run_with_kills(self, file, KILLS, {"WEIR_STATE_DIR": self.path("state")}, seed=12, pause=1.2)
        compare(self, data.wanted(), lambda sink: topics.rows("killed-" + sink))


if __name__ == "__main__":
    unittest.main(verbosity=2)
