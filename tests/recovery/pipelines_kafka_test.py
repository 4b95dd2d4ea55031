#!/usr/bin/python3
"""The pipelines sla and features on a real broker, from topic to topics by transactions, while their worker is killed: what a
read_committed reader sees is what a loop over the input says, once and in order."""
import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402
from support_recovery import Case, KilledRun, Running, children, kill, pipeline, wait_for, weir  # noqa: E402

import features_expected  # noqa: E402
import sla_expected  # noqa: E402

PARTITIONS = 2
EXCEPTIONS = 10_000
EVENTS = 20_000
QUICK = ("--set", "events.bounded=latest", "--set", "checkpoint.interval=300ms", "--set", "restart.initial_backoff=10ms",
         "--set", "limits.batch_rows=128")


class OnKafka(Case):
    """One topic with the generated events for all runs of a pipeline; each run writes topics of its own."""
    pipeline, sinks, made = "", {}, ()

    @classmethod
    def setUpClass(cls):
        if not cls.pipeline:
            raise unittest.SkipTest("the base of the others")
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.close)
        cls.broker.topics("given", partitions=PARTITIONS)
        done = weir("run", pipeline(f"{cls.pipeline}/generate-kafka.toml"), "--json", *cls.made, env=cls.environment("given"))
        assert done.code == 0, done
        cls.given = [[m.value().decode() for m in partition] for partition in cls.broker.read_committed("given", PARTITIONS)]
        assert all(cls.given), "each partition has a part"

    @classmethod
    def environment(cls, topic):
        return {"KAFKA": cls.broker.address, f"{cls.pipeline.upper()}_TOPIC": topic}

    def told(self, name, rate):
        """The pipeline as it stands, but that it reads from `given`, slowed down, and writes to NAME.<sink>."""
        self.broker.topics(*(f"{name}.{topic}" for topic in self.sinks.values()), partitions=PARTITIONS)
        with open(pipeline(f"{self.pipeline}/{self.pipeline}-kafka.toml"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count('["events"]'), 1)
        head, tail = text.split(', start = "earliest"')
        head = head[:head.rindex("topic = ")] + 'topic = "given"'
        text = head + ', start = "earliest"' + tail.replace('["events"]', '["slow"]')
        return self.write(f"{name}.toml", text + f'\n[[operator]]\nid = "slow"\nuses = "std.throttle"\nfrom = ["events"]\nconfig = {{ rate = {float(rate)} }}\n')

    def run_killed(self, name, parallelism, rate):
        run = KilledRun(self.told(name, rate / parallelism), *QUICK, "--set", f"parallelism={parallelism}", seed=parallelism, kills=6,
                        env={**self.environment(name), "WEIR_STATE_DIR": self.path(name)})
        self.assertEqual(run.outcome.code, 0, run.outcome)
        self.assertGreaterEqual(run.killed, 3, "the test must kill what it is about")
        self.assertIn("state is restored", run.outcome.err, "a worker must have gone on from a cut")
        self.assertGreaterEqual(run.result["restarts"], 3, run.outcome)
        return self.seen(name)

    def run_in_parts(self, name, rate):
        """Stopped, killed with its supervisor, stopped again; each time started again where it was."""
        file, env = self.told(name, rate), {**self.environment(name), "WEIR_STATE_DIR": self.path(name)}
        for how in ("stop", "kill", "stop"):
            with Running("run", file, *QUICK, "--json", env=env) as running:
                running.wait_for('"msg":"cut is complete"')
                self.assertIsNone(running.process.poll(), "it must have work left")
                if how == "stop":
                    done = running.drain()
                    self.assertEqual(done.code, 0, done)
                    continue
                workers = children(running.process.pid)
                kill(running.process.pid)
                for worker in workers:
                    kill(worker)
                running.finish()
                wait_for(lambda gone=workers: not any(os.path.exists(f"/proc/{w}") for w in gone), "the worker to be gone")
        done = weir("run", file, *QUICK, "--json", env=env)
        self.assertEqual(done.code, 0, done)
        self.assertIn("the run goes on where the last one was", done.err)
        return self.seen(name)

    def run_calm(self, name):
        done = weir("run", self.told(name, 1_000_000), *QUICK, "--json", env={**self.environment(name), "WEIR_STATE_DIR": self.path(name)})
        self.assertEqual(done.code, 0, done)
        return self.seen(name)

    def seen(self, name):
        return {sink: self.broker.read_committed(f"{name}.{topic}", PARTITIONS) for sink, topic in self.sinks.items()}


def multiset(partitions):
    return collections.Counter(m.value() for partition in partitions for m in partition)


class Sla(OnKafka):
    pipeline = "sla"
    sinks = {name: name for name in ("breaches", "completed", "late", "other")} | {"rejected": "dead-letters"}
    made = ("--set", f"made.exceptions={EXCEPTIONS}")

    def test_breaches_are_told_once_when_the_worker_is_killed(self):
        wanted = dict(zip(("breaches", "completed", "late"),
                          sla_expected.expected(self.write("given.jsonl", "\n".join(line for part in self.given for line in part)))))
        calm = self.run_calm("calm")
        for name, run in (("calm", lambda: calm), ("one", lambda: self.run_killed("one", 1, 3_000)),
                          ("two", lambda: self.run_killed("two", 2, 3_000)), ("parts", lambda: self.run_in_parts("parts", 8_000))):
            with self.subTest(name):
                found = run()
                for sink in self.sinks:
                    self.assertEqual(multiset(found[sink]), multiset(calm[sink]), sink)
                    rows = [json.loads(m.value()) for partition in found[sink] for m in partition]
                    keys = [(row["exception_id"], row["round"]) for row in rows]
                    self.assertEqual(sorted(keys), sorted(wanted.get(sink, ())), f"{sink}: one each")
                    if sink == "breaches":
                        for key, row in zip(keys, rows):
                            self.assertEqual(sla_expected.instant(row["deadline"]), wanted[sink][key], row)
                if name != "two":  # one subtask tells its breaches in the order of the deadlines, so rounds of an exception are
                    for partition in found["breaches"]:
                        told = [json.loads(m.value())["deadline"] for m in partition]
                        self.assertEqual(told, sorted(told))


class Features(OnKafka):
    pipeline = "features"
    sinks = {"features": "features", "late": "late", "rejected": "dead-letters"}
    made = ("--set", f"made.events={EVENTS}", "--set", "made.accounts=60", "--set", "made.every=20s")

    def test_features_are_told_once_when_the_worker_is_killed(self):
        wanted, in_order = {}, collections.defaultdict(list)
        for part in self.given:  # the key is the account: all of one is in one partition
            for event, row in features_expected.expected(part).items():
                wanted[event] = row
                in_order[row["account"]].append(event)
        self.assertEqual(len(wanted), EVENTS)
        for name, run in (("calm", lambda: self.run_calm("calm")), ("one", lambda: self.run_killed("one", 1, 3_000)),
                          ("two", lambda: self.run_killed("two", 2, 3_000)), ("parts", lambda: self.run_in_parts("parts", 4_000))):
            with self.subTest(name):
                found = run()
                told = collections.defaultdict(list)
                for partition in found["features"]:
                    for m in partition:
                        row = features_expected.parsed(m.value())
                        self.assertEqual(row, wanted[row["event_id"]])
                        self.assertEqual(m.key().decode(), row["account"])
                        told[row["account"]].append(row["event_id"])
                self.assertEqual(sum(map(len, told.values())), EVENTS, "nothing lost, nothing twice")
                self.assertEqual(told, in_order, "in order per account")
                self.assertFalse(multiset(found["late"]) + multiset(found["rejected"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
