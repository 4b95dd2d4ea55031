#!/usr/bin/python3
"""Many swaps in one run from a topic to topics on a real broker, exactly once, deterministic or not: what a read_committed reader sees is what
plain Python says.

WEIR_LONG: 1,000 swaps, otherwise 10."""
import os
import sys
import unittest

from support_many import ManyCase, sink

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402

PARTITIONS = 2
# The clock is told often: a topic is read so fast that a queue would hold much of it before the first word of the clock.
SOURCE = """
[[source]]
id = "bids"
uses = "kafka.source"
config = { brokers = "BROKER", topic = "bids", group = "NAME", start = "earliest", bounded = "latest" }
format = { type = "json", columns = { bidder = "int64", price = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "200ms", emit_interval = "1ms" }
parallelism = 2
"""


class KafkaMany(ManyCase):
    RUNS = ("topics", "topics-in-steps")

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.topics("bids", *(f"{run}-{name}" for run in cls.RUNS for name, _ in cls.OUTPUTS), partitions=PARTITIONS)
        # The key decides the partition: the bids of one bidder are in order.
        cls.broker.fill("bids", ((str(bidder), line, None) for bidder, line in cls.make_bids()))

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def pipeline(self, run, deterministic):
        config = 'brokers = "BROKER", topic = "RUN-{0}", key = "bidder", delivery = "exactly-once", transactional_id_prefix = "RUN-{0}"'
        sinks = "".join(sink(name, port, "kafka.sink", config.format(name)) for name, port in self.OUTPUTS)
        return self.text(SOURCE, sinks, deterministic).replace("BROKER", self.broker.address).replace("RUN", run)

    def rows_of(self, name, out):
        for partition in self.broker.read_committed(f"{os.path.basename(out)}-{name}", PARTITIONS):
            yield from (m.value() for m in partition)

    def test_topics(self):
        self.swapped("topics", False, text=self.pipeline("topics", False))

    def test_topics_deterministic(self):
        self.swapped("topics-in-steps", True, text=self.pipeline("topics-in-steps", True))


if __name__ == "__main__":
    unittest.main(verbosity=2)
