#!/usr/bin/python3
"""A Kafka source and a Kafka sink exchanged while records flow: what a read_committed reader sees is what was written, once."""
import json
import os
import shutil
import sys
import unittest

from support_swap import Running, SwapCase, weir

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
            of_sink = [self.change("swap", "ends", "out", "--plugin", self.kafka_plugin(10 + i)) for i in range(5)]
            self.assertEqual([(c["state"], c["hot"]) for c in of_sink], [("committed", True)] * 5, of_sink)
            refused = self.change("swap", "ends", "out", "--config", "transaction_timeout=2h", code=1)
            self.assertIn("transaction.max.timeout.ms is 900000", json.dumps(refused))
            self.let_go("ends")
            running.wait_until(lambda: sum(s["records_in"] for s in self.subtasks("ends", "out")) >= RECORDS, "all is written")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        print("pauses in us:", [c["pause_us"] for c in changes], "; of the sink:", [c["pause_us"] for c in of_sink])
        seen = self.committed()
        self.assertEqual(sorted(r["n"] for r in seen), list(range(RECORDS)), "nothing lost, nothing twice")
        order = {}
        for r in seen:
            self.assertLess(order.get(r["key"], -1), r["n"], "in order per key")
            order[r["key"]] = r["n"]

    def test_a_version_of_the_sink_that_cannot_reach_its_brokers_is_taken_back(self):
        self.broker.topics("in2", "out2", partitions=PARTITIONS)
        self.broker.fill("in2", ((b"k", json.dumps({"key": 1, "n": n}).encode(), None) for n in range(30_000)))
        text = PIPELINE.replace("NAME", "away").replace("KAFKA", self.kafka_plugin(0)).replace("BROKER", self.broker.address)
        file = self.write("away.toml", text.replace('"in"', '"in2"', 2).replace('id = "in2"', 'id = "in"').replace('topic = "out"', 'topic = "out2"'))
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "away", "out", "--config", 'brokers="127.0.0.1:1"', code=1)
            self.assertEqual(change["state"], "rolled back", change)
            self.let_go("away")
            running.wait_until(lambda: sum(s["records_in"] for s in self.subtasks("away", "out")) >= 1, "the old one serves again")
            running.wait_until(lambda: len(self.seen_of("out2")) >= 30_000, "all is written")
            self.assertEqual(running.drain().code, 0)
        self.assertEqual([r["n"] for r in self.seen_of("out2") if r["n"] >= 0], sorted(range(30_000)), "once, in order")

    def test_delivery_changes_at_any_cut(self):
        self.broker.topics("in3", "out3", partitions=PARTITIONS)
        self.broker.fill("in3", ((str(n % 97).encode(), json.dumps({"key": n % 97, "n": n}).encode(), None) for n in range(RECORDS)))
        text = PIPELINE.replace("NAME", "delivery").replace("KAFKA", self.kafka_plugin(0)).replace("BROKER", self.broker.address)
        file = self.write("delivery.toml", text.replace('"in"', '"in3"', 2).replace('id = "in3"', 'id = "in"').replace('topic = "out"', 'topic = "out3"'))
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            changes = [self.change("swap", "delivery", "out", "--config", f"delivery={how}") for how in ("at-least-once", "exactly-once", "at-least-once")]
            self.assertEqual([c["state"] for c in changes], ["committed"] * 3, changes)
            print("changes of delivery: pauses in us", [c["pause_us"] for c in changes], "hot:", [c["hot"] for c in changes])
            self.let_go("delivery")
            running.wait_until(lambda: sum(s["records_in"] for s in self.subtasks("delivery", "out")) >= RECORDS, "all is written")
            self.assertEqual(running.drain().code, 0)
        self.assertEqual([r["n"] for r in self.seen_of("out3")], list(range(RECORDS)), "once: nothing has failed")

    def seen_of(self, topic):
        seen = [json.loads(m.value()) for partition in self.broker.read_committed(topic, PARTITIONS) for m in partition]
        return sorted(seen, key=lambda r: r["n"])

    def test_check_asks_the_broker(self):
        text = PIPELINE.replace("NAME", "asks").replace("KAFKA", self.kafka_plugin(0)).replace("BROKER", self.broker.address)
        right = self.write("right.toml", text)
        long = self.write("long.toml", text.replace('transactional_id_prefix', 'transaction_timeout = "2h", transactional_id_prefix'))
        away = self.write("away.toml", text.replace(self.broker.address, "127.0.0.1:1"))
        self.assertEqual(weir("check", right, "--deny-warnings").code, 0)
        done = weir("check", long)
        self.assertEqual(done.code, 1, done)
        self.assertIn("transaction_timeout", done.err)
        self.assertIn("transaction.max.timeout.ms is 900000", done.err)
        self.assertEqual(weir("check", long, "--offline").code, 0)
        done = weir("check", away)
        self.assertEqual(done.code, 0, done)
        self.assertIn("were not asked", done.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
