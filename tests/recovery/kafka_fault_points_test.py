#!/usr/bin/python3
"""weir is killed at named places of its transactions, on a real broker: what a read_committed reader sees is what an undisturbed loop
says. fault_points_test.py tells the rest."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
from support_auctions import Auctions, compare, on_topics  # noqa: E402
from support_faults import FaultyRun, points, together  # noqa: E402
from support_recovery import Case  # noqa: E402
from support_topics import Topics  # noqa: E402

BIDS = 80_000
RATE = 2_000 if os.environ.get("WEIR_LONG") else 4_000  # bids a second until all kills have happened; then as fast as it goes
# Cuts whose commit is then to be made good by the worker that is restored.
FIRST = "cut.complete:3;kafka.before_commit:2;sink.before_commit:20;sink.committed:40"


class KafkaFaultPoints(Case):
    @classmethod
    def setUpClass(cls):
        data = Auctions(BIDS)
        cls.wanted = data.wanted()
        cls.topics = Topics(data)

    @classmethod
    def tearDownClass(cls):
        cls.topics.close()

    def check(self, name, kills):
        prefix = name + "-"
        self.topics.make(prefix)
        file = self.write(f"{name}.toml", on_topics(self.topics.address, prefix, RATE))
        run = FaultyRun(self.path(name + ".faults"), file, kills, FIRST, env={"WEIR_STATE_DIR": self.path(name + ".state")})
        compare(self, self.wanted, lambda sink: self.topics.rows(prefix + sink))
        for point, passages in kills.items():
            self.assertEqual(run.killed.get(point, 0), len(passages), f"killed at {point}; passages: {run.passed(point)}")

    def test_kills_at_every_place(self):
        places = points("plugins/kafka")
        self.assertGreaterEqual(len(places), 6)
        if not os.environ.get("WEIR_LONG"):
            return self.check("all", together(places, 1))
        for point in [*places, "sink.before_commit", "sink.committed", "cut.complete"]:
            with self.subTest(point):
                self.check(point, together([point], 3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
