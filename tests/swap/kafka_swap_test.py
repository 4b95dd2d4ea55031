#!/usr/bin/python3
"""Versions come and go in front of an exactly-once sink on a real broker, then wrong ones come: what a read_committed reader sees."""
import os
import sys
import unittest

from support_swap import AT_ONCE, PIPELINE, Running, SwapCase, held_back, plugin

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402

PARTITIONS = 2
SINK = """
[[sink]]
id = "out"
uses = "kafka.sink"
from = ["counts"]
format = "json"
config = { brokers = "BROKER", topic = "TOPIC", key = "bidder", delivery = "exactly-once", transactional_id_prefix = "TOPIC" }
parallelism = 2
[limits]
hang_timeout = "10s"
"""


class KafkaSwap(SwapCase):
    TIMES = 10
    EVENTS = 600_000
    RATE = 6_000
    PROBATION = "30s"  # each defect shows long before
    BAD = (("throws_later", "made to throw at the 10,000th record"), ("segfaults", "segmentation fault"), ("garbage", "invariant"))

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.topics("calm", "swapped", partitions=PARTITIONS)

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def told_on(self, topic, rate):
        text = held_back(PIPELINE[:PIPELINE.index('[[sink]]\nid = "out"')] + SINK)
        text = text.replace("BROKER", self.broker.address).replace("TOPIC", topic)
        return self.told(topic, rate=float(rate), interval="300ms", swap='invariant = ["wrong"]', text=text)[0]

    def committed(self, topic):
        return [m.value().decode() for partition in self.broker.read_committed(topic, PARTITIONS) for m in partition]

    def good(self):
        changes = [self.change("swap", "swapped", "counts", "--plugin", plugin("v2" if i % 2 == 0 else "v1")) for i in range(self.TIMES)]
        self.assertEqual([(c["state"], c["hot"]) for c in changes], [("committed", True)] * self.TIMES)
        print("pauses in us:", [c["pause_us"] for c in changes])

    def bad(self, name, why):
        change = self.change("swap", "swapped", "counts", "--plugin", plugin(name), "--probation", self.PROBATION, code=1)
        self.assertEqual(change["state"], "rolled back", change)
        self.assertIn(why, change["why"])
        print(f"{name}: back in {change['back_us']} us")

    def test_the_committed_rows_are_those_of_a_calm_run(self):
        calm = self.run_well(self.told_on("calm", AT_ONCE), env=self.env("state-calm"))
        expected = self.committed("calm")
        self.assertGreater(len(expected), self.EVENTS // 2)
        with Running("run", self.told_on("swapped", self.RATE), "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.good()
            for name, why in self.BAD:
                self.bad(name, why)
            self.let_go("swapped")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual([c["state"] for c in self.history("swapped")],
                         ["committed"] * self.TIMES + ["rolled back"] * len(self.BAD) + ["committed"])
        seen = self.committed("swapped")
        self.assertEqual([line for line in seen if '"made_by":3' in line], [], "rows of a bad version that were ever visible")
        self.assert_same(seen, expected)
        self.assertEqual(done.result["records_in"], calm["records_in"])
        print(f"{len(seen)} rows, restarts: {done.result['restarts']}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
