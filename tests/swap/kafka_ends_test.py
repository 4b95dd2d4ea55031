#!/usr/bin/python3
"""A Kafka source exchanged while records flow, a Kafka sink at a cut: what a read_committed reader sees is what was written, once."""
import json
import os
import shutil
import sys
import unittest

from support_swap import Running, SwapCase

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402

PARTITIONS = 4
RECORDS = 100_000
PIPELINE = """
format = 1
name = "NAME"
[plugin]
kafka = { path = "KAFKA" }
[checkpoint]
interval = "300ms"
[[source]]
id = "in"
uses = "kafka.source"
format = { type = "json", columns = { key = "int64", n = "int64" } }
config = { brokers = "BROKER", topic = "in", start = "earliest" }
parallelism = 2
[[operator]]
id = "slow"
uses = "std.throttle"
from = ["in"]
config = { rate = 4000.0 }
parallelism = 1
[[sink]]
id = "out"
uses = "kafka.sink"
from = ["slow"]
format = "json"
config = { brokers = "BROKER", topic = "out", key = "key", delivery = "exactly-once", transactional_id_prefix = "out" }
parallelism = 1
"""


class KafkaEnds(SwapCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.topics("in", "out", partitions=PARTITIONS)

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def kafka_plugin(self, number):
        """Each number another build of it."""
        there = os.path.join(os.environ["WEIR_BINARY_DIR"], "lib", "weir", "plugins", "libweir_kafka.so")
        if number == 0:
            return there
        path = self.path(f"kafka_{number}.so")
        shutil.copyfile(there, path)
        with open(path, "ab") as f:
            f.write(bytes([number]))
        return path

    def committed(self):
        return [json.loads(m.value()) for partition in self.broker.read_committed("out", PARTITIONS) for m in partition]

    def test_every_record_once(self):
        self.broker.fill("in", ((str(n % 997).encode(), json.dumps({"key": n % 997, "n": n}).encode(), None) for n in range(RECORDS)))
        text = PIPELINE.replace("NAME", "ends").replace("KAFKA", self.kafka_plugin(0)).replace("BROKER", self.broker.address)
        file = self.write("ends.toml", text)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            changes = [self.change("swap", "ends", "in", "--plugin", self.kafka_plugin(1 + i)) for i in range(5)]
            self.assertEqual([(c["state"], c["hot"]) for c in changes], [("committed", True)] * 5, changes)
            change = self.change("swap", "ends", "out", "--plugin", self.kafka_plugin(9))
            self.assertEqual((change["state"], change["hot"]), ("committed", False), change)
            self.let_go("ends")
            running.wait_until(lambda: sum(s["records_in"] for s in self.subtasks("ends", "out")) >= RECORDS, "all is written")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        print("pauses in us:", [c["pause_us"] for c in changes], "; of the sink:", change["pause_us"])
        seen = self.committed()
        self.assertEqual(sorted(r["n"] for r in seen), list(range(RECORDS)), "nothing lost, nothing twice")
        order = {}
        for r in seen:
            self.assertLess(order.get(r["key"], -1), r["n"], "in order per key")
            order[r["key"]] = r["n"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
