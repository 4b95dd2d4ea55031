#!/usr/bin/python3
"""Versions that come while a real broker is not itself: a partition more than there was, the broker killed and started again. What a
read_committed reader sees is what plain Python makes of the records."""
import collections
import json
import os
import sys
import threading
import time
import unittest

from support_swap import PIPELINE, Running, SwapCase, plugin, wait_for, weir

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402

BIDDERS = 60
PARTITIONS = 3  # the third one is added while records flow; a bidder's records are all in partition bidder % 3
QUIET_US = 1_000_000
LAST_US = 10 * 365 * 86_400_000_000

ENDS = """
[[source]]
id = "bids"
uses = "kafka.source"
config = { brokers = "BROKER", topic = "bids", group = "pressure", start = "earliest", discovery_interval = "300ms" }
format = { type = "json", columns = { bidder = "int64", price = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "0s", idle_after = "1m" }
parallelism = 2
[[sink]]
id = "out"
uses = "kafka.sink"
from = ["counts"]
format = "json"
config = { brokers = "BROKER", topic = "out", key = "bidder", delivery = "exactly-once", transactional_id_prefix = "pressure" }
parallelism = 2
[limits]
hang_timeout = "5m"
"""


def timestamp(us):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 1_000_000)) + f".{us % 1_000_000:06d}Z"


class Feeder:
    """Writes bids, and knows what must come of them; one of each bidder is as much later than the one before as `gap` says."""

    def __init__(self, broker):
        self.producer, self.number, self.failed = broker.producer(), 0, []
        self.tallies, self.expected = {}, collections.defaultdict(list)

    def renew(self, broker):
        """Another producer, which knows the partitions there are now, when all of this one's records have arrived."""
        if self.producer.flush(300):
            raise RuntimeError("records were not taken")
        self.producer = broker.producer()

    def send(self, bidder, price, at):
        value = json.dumps({"bidder": bidder, "price": price, "at": timestamp(at)}).encode()
        while True:
            try:
                return self.producer.produce("bids", key=str(bidder).encode(), value=value, partition=bidder % PARTITIONS,
                                             on_delivery=lambda e, _: self.failed.append(e) if e else None)
            except BufferError:
                self.producer.poll(0.1)

    def bid(self, bidders):
        """One bid of a bidder among these; every 50th is after a silence that closes the count."""
        self.number += 1
        bidder = bidders[self.number * 7 % len(bidders)]
        at = self.number * 20_000 + (self.number // 3000) * 2 * QUIET_US
        price = self.number * 31 % 1000
        bids, total, quiet_at = self.tallies.get(bidder, (0, 0, 0))
        if bids and quiet_at < at:
            self.expected[bidder].append((bids, total, True))
            bids = total = 0
        self.tallies[bidder] = bids + 1, total + price, at + QUIET_US
        self.expected[bidder].append((bids + 1, total + price, False))
        self.send(bidder, price, at)

    def end(self):
        """All counts close: the clock of each partition goes far ahead."""
        for bidder, (bids, total, _) in self.tallies.items():
            self.expected[bidder].append((bids, total, True))
        for partition in range(PARTITIONS):
            self.send(BIDDERS * PARTITIONS + partition, 0, LAST_US)
        if self.producer.flush(300) or self.failed:
            raise RuntimeError(f"could not be written: {self.failed[:3]}")


class KafkaPressure(SwapCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.topics("bids", partitions=2)
        cls.broker.topics("out", partitions=2)

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def flow(self):
        """Until told to stop; the third partition's bidders come when it is there."""
        while not self.over.is_set():
            if self.grown.is_set() and len(self.bidders) < BIDDERS:
                self.feeder.renew(self.broker)
                self.bidders = list(range(BIDDERS))
            for _ in range(50):
                self.feeder.bid(self.bidders)
            self.feeder.producer.poll(0)
            self.over.wait(0.02)

    def committed(self):
        out = collections.defaultdict(list)
        for partition in self.broker.read_committed("out", 2):
            for m in partition:
                row = json.loads(m.value())
                out[row["bidder"]].append((row["bids"], row["total"], row["closed"]))
        return {bidder: rows for bidder, rows in out.items() if bidder < BIDDERS * PARTITIONS}

    def swap(self, number):
        change = self.change("swap", "pressure", "counts", "--plugin", plugin("v2" if number % 2 == 0 else "v1"))
        self.assertEqual((change["state"], change["hot"]), ("committed", True), change)
        return change

    def test_a_partition_more_and_a_broker_that_dies(self):
        text = PIPELINE[:PIPELINE.index("[[source]]")] + PIPELINE[PIPELINE.index("[[operator]]"):PIPELINE.index('[[sink]]\nid = "out"')] + ENDS
        text = text.replace('"nexmark:bid"', '"bids"').replace("BROKER", self.broker.address)
        file, _ = self.told("pressure", interval="300ms", text=text)
        self.feeder, self.over, self.grown = Feeder(self.broker), threading.Event(), threading.Event()
        self.bidders = [b for b in range(BIDDERS) if b % PARTITIONS < 2]
        flow = threading.Thread(target=self.flow, daemon=True)
        with Running("run", file, "--json", env=self.env()) as running:
            flow.start()
            running.wait_for('"msg":"cut is complete"')
            # A partition more: versions change until its records have come through, too.
            self.broker.grow("bids", PARTITIONS)
            self.grown.set()
            swaps = [self.swap(0)]
            while not any(b % PARTITIONS == 2 for b in self.committed()):
                swaps.append(self.swap(len(swaps)))
            print("while a partition was found: pauses in us", [c["pause_us"] for c in swaps])
            # The broker dies. Where the operator's own thread waits for it to commit, the change is given up, and nothing else.
            self.broker.kill()
            done = weir("swap", "pressure", "counts", "--plugin", plugin("v2" if len(swaps) % 2 == 0 else "v1"), "--no-wait", "--json", env=self.env())
            away = json.loads(done.out)
            took_ms = (away["at_us"] - away["began_at_us"]) / 1000
            print(f"while the broker was away: {away['state']} {took_ms:.1f} ms after it was checked, pause {away['pause_us']} us; {away['why']}")
            if away["state"] == "rolled back":  # one of two subtasks had begun with it when the other's sink lost its patience with the broker
                self.assertIn("cannot be committed", away["why"])
            elif away["state"] != "given up":
                self.assertEqual((away["state"], away["hot"]), ("on probation", True), away)
            came = away["state"] == "on probation"
            self.broker.start()
            wait_for(lambda: self.history("pressure")[-1]["state"] != "on probation", "the first cut of the version that came without a broker")
            swaps.append(self.swap(len(swaps) + came))  # the one that does not serve
            self.over.set()
            flow.join()
            self.feeder.end()
            wanted = sum(map(len, self.feeder.expected.values()))
            rows = []  # how many there were, look by look

            def all_there():
                rows.append(sum(map(len, self.committed().values())))
                return rows[-1] >= wanted
            try:
                wait_for(all_there, f"{wanted} rows")
            except AssertionError:
                there = [len(p) for p in self.broker.read_committed("bids", PARTITIONS)]
                print(f"{self.feeder.number} bids and {PARTITIONS} ends were sent, {there} are in the topic, {len(self.feeder.failed)} failed")
                print(f"rows seen: {rows[::50]}; {weir('ps', '--json', env=self.env()).out}\n{weir('why-no-output', 'pressure', env=self.env()).out}")
                raise
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(collections.Counter(c["state"] for c in self.history("pressure")),
                         collections.Counter(["committed"] * len(swaps) + ["committed" if came else away["state"]]))
        self.assertEqual(done.result["restarts"], 0)
        seen = self.committed()
        self.assertEqual(sum(map(len, seen.values())), wanted, "nothing lost, nothing twice")
        for bidder, rows in self.feeder.expected.items():
            self.assertEqual(seen[bidder], rows, f"bidder {bidder}, in order")
        print(f"{wanted} rows, {len(swaps)} versions")


if __name__ == "__main__":
    unittest.main(verbosity=2)
