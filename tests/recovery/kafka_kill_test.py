#!/usr/bin/python3
"""Kafka to Kafka, exactly once, on a real broker, while workers and then the broker are killed: what a read_committed reader sees."""
import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402
from support_recovery import Case, KilledRun, Running, children, kill, wait_for  # noqa: E402

PIPELINE = """
format = 1
name = "kafka-kill"
[checkpoint]
interval = "300ms"
[restart]
initial_backoff = "10ms"
[[source]]
id = "bids"
uses = "kafka.source"
config = { brokers = "BROKER", topic = "bids", group = "kill", start = "earliest", bounded = "latest" }
format = { type = "json", columns = { bidder = "int64", auction = "int64", price = "int64", ts = "int64" } }
parallelism = 2
[[operator]]
id = "last"
uses = "keyed.dedupe"
from = ["bids"]
exchange = { kind = "hash", key = ["bidder", "auction"] }
config = { keep = "last", columns = ["price", "ts"] }
parallelism = 2
[[operator]]
id = "slow"
uses = "std.throttle"
from = ["last"]
config = { rate = RATE }
parallelism = 2
[[sink]]
id = "out"
uses = "kafka.sink"
from = ["slow"]
format = "json"
config = { brokers = "BROKER", topic = "TOPIC", key = "auction", delivery = "exactly-once", transactional_id_prefix = "TOPIC" }
parallelism = 2
"""
RECORDS = 200_000


class KafkaKill(Case):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.topics("bids", "calm", "killed", "away", "both", partitions=2)
        # The key decides the partition, so records of one key are in one partition and in order.
        cls.broker.fill("bids", ((str(n % 97), json.dumps({"bidder": n % 13, "auction": n % 97, "price": n, "ts": n // 10}), None) for n in range(RECORDS)))

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def told(self, topic, rate):
        text = PIPELINE.replace("BROKER", self.broker.address).replace("TOPIC", topic).replace("RATE", str(rate))
        return self.write(f"{topic}.toml", text)

    def rows(self, topic):
        """By key, in order."""
        out = collections.defaultdict(list)
        for partition in self.broker.read_committed(topic, 2):
            for m in partition:
                row = json.loads(m.value())
                out[row["bidder"], row["auction"]].append(row["price"])
        return out

    def compare(self, topic):
        seen = self.rows(topic)
        wanted = collections.defaultdict(list)
        for n in range(RECORDS):
            wanted[n % 13, n % 97].append(n)
        self.assertEqual(sum(map(len, seen.values())), RECORDS, "nothing lost, nothing twice")
        self.assertEqual(seen, wanted, "in order per key")

    def test_a_worker_that_is_killed_again_and_again(self):
        run = KilledRun(self.told("killed", 20_000), env={"WEIR_STATE_DIR": self.path("state")}, seed=3, kills=8)
        self.assertEqual(run.outcome.code, 0, run.outcome)
        self.assertGreaterEqual(run.killed, 4)
        self.compare("killed")

    def cuts(self, running):
        return running.err().count('"msg":"cut is complete"')

    def test_a_broker_that_is_killed_and_comes_back(self):
        # The source is read ahead of the throttle, so the run may reach its end while the broker is away; its last transaction cannot.
        with Running("run", self.told("away", 8_000), "--json", env={"WEIR_STATE_DIR": self.path("state")}) as running:
            running.wait_for('"msg":"cut is complete"')
            self.broker.kill()
            before = self.cuts(running)
            workers = children(running.process.pid)
            self.broker.start()
            wait_for(lambda: self.cuts(running) > before or running.process.poll() is not None, "a cut after the broker came back")
            self.assertGreater(self.cuts(running), before, "the same worker went on")
            self.assertNotIn('"level":"warn","room":"supervisor","msg":"worker ended"', running.err())
            if running.process.poll() is None:
                self.assertTrue(workers and kill(workers[0]), "and once the worker too")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.compare("away")

    def test_a_worker_that_is_killed_while_the_broker_is_away(self):
        with Running("run", self.told("both", 8_000), "--json", env={"WEIR_STATE_DIR": self.path("state")}) as running:
            running.wait_for('"msg":"cut is complete"')
            self.broker.kill()
            workers = children(running.process.pid)
            self.assertTrue(workers and kill(workers[0]), "the worker was there to be killed")
            wait_for(lambda: len(children(running.process.pid)) and children(running.process.pid) != workers, "another worker")
            self.broker.start()
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertGreaterEqual(json.loads(done.out)["restarts"], 1)
        self.compare("both")


if __name__ == "__main__":
    unittest.main(verbosity=2)
