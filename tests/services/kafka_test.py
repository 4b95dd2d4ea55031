#!/usr/bin/env python3
"""The broker starter: a real broker answers, survives a kill with its data and its address, hangs and ends when told."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class KafkaTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-kafka-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.kafka, "kill")

    def kafka(self, *words):
        return subprocess.run([os.path.join(HERE, "kafka"), "--dir", self.folder, *words], capture_output=True, text=True, timeout=400)

    def start(self, *words):
        done = self.kafka("start", "--minutes", "10", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def kcat(self, broker, *words, text=None):
        done = subprocess.run(["kcat", "-b", broker, "-X", "socket.timeout.ms=60000", "-X", "message.timeout.ms=120000", *words], input=text,
                              capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_data_and_address_outlive_a_killed_broker(self):
        broker = self.start()
        self.assertRegex(broker, r"^127\.0\.0\.1:\d+$")
        self.assertEqual(self.kafka("status").stdout.strip(), broker)
        with open(os.path.join(self.folder, "address"), encoding="ascii") as file:
            self.assertEqual(file.read().strip(), broker)
        self.assertEqual(self.start(), broker, "a second start is the same broker")
        self.assertEqual(self.kafka("topic", "words", "3").returncode, 0)
        self.assertEqual(self.kafka("topic", "words", "3").returncode, 0, "it is there already")
        self.assertIn('topic "words" with 3 partitions', self.kcat(broker, "-L", "-t", "words"))
        refused = self.kafka("topic", "a/b", "3")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("cannot create topic a/b: error 17", refused.stderr)
        self.kcat(broker, "-P", "-t", "words", text="one\ntwo\n")
        self.assertEqual(self.kafka("kill").stdout.strip(), "stopped")
        self.assertEqual(self.kafka("status").returncode, 3)
        self.assertEqual(self.start(), broker)
        self.assertEqual(sorted(self.kcat(broker, "-C", "-t", "words", "-e", "-q").split()), ["one", "two"])
        self.assertEqual(self.kafka("stop").stdout.strip(), "stopped")
        self.assertEqual(self.kafka("stop").stdout.strip(), "not running")

    def test_clients_come_through_the_proxy_that_is_advertised(self):
        proxy = subprocess.Popen([sys.executable, os.path.join(HERE, "tcp_proxy"), "--to", "127.0.0.1:1"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (proxy.stdin.close(), proxy.wait(60), proxy.stdout.close()))
        ports = json.loads(proxy.stdout.readline())

        def tell(*words):
            return subprocess.check_output([os.path.join(HERE, "tcp_proxy"), "tell", str(ports["control"]), *words], text=True, timeout=60).strip()

        through = f"127.0.0.1:{ports['listen']}"
        self.assertEqual(self.start("--advertise", through), through)
        with open(os.path.join(self.folder, "state.json"), encoding="utf-8") as file:
            tell("to", f"127.0.0.1:{json.load(file)['port']}")
        self.assertEqual(self.kafka("topic", "words", "1").returncode, 0)
        self.kcat(through, "-P", "-t", "words", text="one\n")
        before = json.loads(tell("stats"))
        self.assertEqual(self.kcat(through, "-C", "-t", "words", "-e", "-q").split(), ["one"])
        self.assertGreater(json.loads(tell("stats"))["down_bytes"], before["down_bytes"])


if __name__ == "__main__":
    unittest.main()
