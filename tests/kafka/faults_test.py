#!/usr/bin/python3
"""Kafka as it is on bad days: away at the start, gone in the middle, topics missing, partitions added while records flow."""
import contextlib
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import Broker  # noqa: E402
from support import Case, Running, weir  # noqa: E402

COPY = """\
format = 1
name   = "copy"

[[source]]
id     = "from"
uses   = "kafka.source"
config = {{ brokers = "{brokers}", topic = "{source}", start = "earliest"{more} }}

[[sink]]
id     = "to"
uses   = "kafka.sink"
from   = ["from"]
config = {{ brokers = "{brokers}", topic = "{sink}", key = "key", properties = {{ "topic.metadata.propagation.max.ms" = "3000" }} }}
"""


MADE = """\
format = 1
name   = "{name}"

[checkpoint]
interval = "1s"

[restart]
strategy = "none"

[[source]]
id     = "from"
uses   = "datagen.source"
config = {{ events = 1_000_000_000, rate = {rate}, encode = "json", fields = [{{ name = "n", kind = "sequence" }}] }}

[[sink]]
id     = "to"
uses   = "kafka.sink"
from   = ["from"]
config = {{ brokers = "{brokers}", topic = "{name}", {config} }}
"""


class Faults(Case):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(lambda: cls.broker.close())

    def copy(self, name, more=", bounded = \"latest\"", topics=None, partitions=4):
        topics = [f"{name}-in", f"{name}-out"] if topics is None else topics
        if topics:
            self.broker.topics(*topics, partitions=partitions)
        return self.write(f"{name}.toml", COPY.format(brokers=self.broker.address, source=f"{name}-in", sink=f"{name}-out", more=more))

    def test_a_copy_keeps_keys_and_the_order_of_each_partition(self):
        file = self.copy("plain")
        given = [(f"key-{i % 97}" if i % 10 else None, None if i % 1000 == 7 else f"value-{i}", []) for i in range(20_000)]
        self.broker.fill("plain-in", given)
        result = self.run_well(file)
        self.assertEqual([result["records_in"], result["records_out"]], [20_000, 20_000])

        def by_key(records):
            out = {}
            for m in records:
                if m.key() is not None:
                    out.setdefault(m.key(), []).append((m.partition(), m.value()))
            return out

        read = self.broker.read("plain-out")
        self.assertEqual(by_key(read), by_key(self.broker.read("plain-in")))
        self.assertEqual(sorted(m.value().decode() for m in read if m.key() is None),
                         sorted(v for k, v, _ in given if k is None))

    def test_headers_come_in_as_a_column(self):
        self.broker.topics("headers-in", partitions=1)
        self.broker.fill("headers-in", [("k", "v", [("a", b"1"), ("b", None), ("a", b"2")])])
        file = self.write("headers.toml", f"""\
format = 1
name = "headers"
[[source]]
id = "from"
uses = "kafka.source"
config = {{ brokers = "{self.broker.address}", topic = "headers-in", start = "earliest", bounded = "latest", metadata = ["headers", "partition", "offset"] }}
[[sink]]
id = "to"
uses = "file.sink"
format = {{ type = "json", include = ["headers", "partition", "offset"] }}
from = ["from"]
config = {{ path = "{self.path('out.jsonl')}" }}
""")
        self.run_well(file)
        with open(self.path("out.jsonl"), encoding="utf-8") as out:
            self.assertRegex(out.read(), r'\{"headers":\[\{"\w+":"a","\w+":"MQ=="\},\{"\w+":"b","\w+":null\},\{"\w+":"a","\w+":"Mg=="\}\],'
                                         r'"partition":0,"offset":0\}')

    def test_bounded_ends_at_what_was_there_and_group_offsets_begin_at_the_earliest(self):
        file = self.copy("bounded", partitions=3)  # one partition stays empty
        self.assertEqual(self.run_well(file)["records_in"], 0, "nothing there is an end too")
        self.broker.fill("bounded-in", [("one-key", str(i), []) for i in range(100)])
        self.assertEqual(self.run_well(file)["records_in"], 100)
        self.assertEqual(self.run_well(file, "--set", "from.start=latest")["records_in"], 0)
        self.assertEqual(self.run_well(file, "--set", "from.start=group-offsets")["records_in"], 100)

    def test_a_source_waits_for_a_topic_that_is_not_there_and_names_it(self):
        file = self.copy("nowhere", more=', bounded = "latest", topic_timeout = "1h"', topics=["nowhere-out"])
        with Running("run", file, "--json") as running:
            running.wait_for("topic 'nowhere-in'")
            running.wait_for("create it, or correct `topic`")
            self.broker.topics("nowhere-in")
            done = running.finish()
        self.assertEqual(done.code, 0, done)

    def test_a_source_topic_that_stays_away_ends_the_pipeline(self):
        self.broker.topics("never-out")
        for bounded in ("latest", "never"):
            file = self.copy("never", more=f', topic_timeout = "1s", bounded = "{bounded}"', topics=[])
            done = weir("run", file, "--json")
            self.assert_says(done, 78, "source from", f"topic 'never-in' at {self.broker.address}", "create it, or correct `topic`",
                             "`topic_timeout` (1000 ms)")
            self.assertEqual(done.result["state"], "failed")

    def test_a_sink_topic_that_is_not_there_ends_the_pipeline(self):
        self.broker.topics("half-in")
        self.broker.fill("half-in", [("k", "v", [])])
        done = weir("run", self.copy("half", topics=[]), "--json")
        self.assertIn(done.code, (69, 75), done)
        self.assertIn("'half-out'", done.err)
        self.assertEqual(done.result["state"], "failed")

    def test_partitions_that_are_added_are_found(self):
        file = self.copy("grows", more=', discovery_interval = "500ms"', partitions=1)
        with Running("run", file, "--json") as running:
            self.broker.fill("grows-in", [("k", "before", [])])
            running.wait_until(lambda: self.broker.count("grows-out") >= 1, "the first record")
            self.broker.grow("grows-in", 4)
            # A producer learns of new partitions in its own time: a fresh one, until all partitions have records.
            sent = 0
            while min(self.broker.ends("grows-in").values()) == 0:
                self.broker.fill("grows-in", [(f"{sent + i}", "after", []) for i in range(50)])
                sent += 50
            running.wait_until(lambda: self.broker.count("grows-out") >= 1 + sent, "the records of the new partitions")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.result["records_in"], 1 + sent)

    def test_a_broker_that_is_away_at_the_start_is_waited_for(self):
        file = self.copy("later", more="")
        self.broker.fill("later-in", [(str(i), str(i), []) for i in range(1000)])
        self.broker.stop()
        try:
            with Running("run", file, "--json") as running:
                running.wait_for(self.broker.address)  # it says so
                self.broker.start()
                running.wait_until(lambda: self.broker.count("later-out") >= 1000, "all records")
                done = running.drain()
        finally:
            self.broker.start()
        self.assertEqual(done.code, 0, done)
        self.assertEqual({m.value() for m in self.broker.read("later-out")}, {str(i).encode() for i in range(1000)})

    def test_a_broker_that_acknowledges_nothing_ends_the_task_and_not_the_worker(self):
        # Where a sink waits: for its cut's records, for room in the queue, for the records of a transaction.
        ways = {"still-cut": (100, 'properties = { "linger.ms" = "1" }'),
                "still-full": (2_000_000, 'properties = { "queue.buffering.max.messages" = "1000" }'),
                "still-commit": (100, 'delivery = "exactly-once", transactional_id_prefix = "still"')}
        self.broker.topics(*ways, partitions=1)
        with contextlib.ExitStack() as all_of_them:
            pipelines = []
            for name, (rate, config) in ways.items():
                file = self.write(f"{name}.toml", MADE.format(name=name, rate=rate, brokers=self.broker.address, config=config))
                pipelines.append(all_of_them.enter_context(Running("run", file, "--json", env={"WEIR_STATE_DIR": self.path(f"{name}-state")})))
            for running in pipelines:
                running.wait_for('"msg":"cut is complete"')
            self.broker.pause()
            try:
                outcomes = [running.finish() for running in pipelines]
            finally:
                self.broker.resume()
        for name, done in zip(ways, outcomes):
            self.assert_says(done, 75, "operator to")
            if name != "still-commit" or "cannot be committed" not in done.err:  # all of its records were there when the broker went
                self.assert_says(done, 75, "no record was acknowledged for 40 s", "check `brokers` and that the broker runs")

    def test_a_broker_that_dies_in_the_middle_costs_no_record(self):
        file = self.copy("dies", more="")
        count, killed = 40_000, threading.Event()

        def records():
            for i in range(count):
                if i == count // 2:
                    killed.wait(60)  # the second half comes in while the broker is away
                if i % 100 == 0:
                    time.sleep(0.01)  # pace, not a condition: the broker is to die while records flow
                yield str(i % 500), str(i), []

        with Running("run", file, "--json") as running:
            feeder = threading.Thread(target=lambda: self.broker.fill("dies-in", records()))
            feeder.start()
            running.wait_until(lambda: self.broker.count("dies-out") > 1000, "records that flow")
            self.broker.kill()
            killed.set()
            self.broker.start()
            feeder.join()
            running.wait_until(lambda: self.broker.count("dies-out") >= count, "all records")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.result["records_in"], self.broker.count("dies-in"))
        self.assertEqual({int(m.value()) for m in self.broker.read("dies-out")}, set(range(count)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
