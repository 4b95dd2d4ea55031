#!/usr/bin/python3
"""Topics to topics by transactions while others misbehave: the broker stops and goes on, the network to it is gone for a while, the
worker itself is stopped for so long that another one takes its place. What a read_committed reader sees is whole, each row once."""
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
from support_auctions import UNLIMITED, Auctions, compare, on_topics  # noqa: E402
from support_random_kills import LONG  # noqa: E402
from support_recovery import Case, Running, children  # noqa: E402
from support_topics import Network, Topics, behind_a_proxy  # noqa: E402

BIDS = 3_000 if LONG else 1_500  # they come by and by, by the way they are read
AWAY_S = 4


class KafkaNetwork(Case):
    @classmethod
    def setUpClass(cls):
        data = Auctions(BIDS)
        cls.wanted = data.wanted()
        cls.network = Network()
        cls.topics = Topics(data, lambda: behind_a_proxy(cls.network), trickle=True)

    @classmethod
    def tearDownClass(cls):
        cls.topics.close()
        cls.network.close()

    def run_disturbed(self, name, disturb, *arguments):
        """`disturb(running)` does its worst; everything is as it was when it returns."""
        prefix = name + "-"
        self.topics.make(prefix)
        file = self.write(f"{name}.toml", on_topics(self.topics.address, prefix, UNLIMITED, Topics.TRICKLE))
        with Running("run", file, "--json", *arguments, env={"WEIR_STATE_DIR": self.path(name + ".state")}) as running:
            running.wait_for('"msg":"cut is complete"')
            running.wait_until(lambda: self.topics.any_row(prefix), "a committed row")
            disturb(running)
            self.assertIsNone(running.process.poll(), "it was there while it was disturbed")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        compare(self, self.wanted, lambda sink: self.topics.rows(prefix + sink))
        return done

    def stuck(self):
        """Nothing comes from the broker, for a while."""
        time.sleep(0.5)  # what was on its way
        before = self.network.stats()["down_bytes"]
        time.sleep(AWAY_S)
        self.assertEqual(self.network.stats()["down_bytes"], before, "the broker was away")

    def test_a_broker_that_stops_and_goes_on(self):
        def disturb(running):
            self.topics.broker.pause()
            try:
                self.stuck()
            finally:
                self.topics.broker.resume()

        self.run_disturbed("stopped", disturb)

    def test_a_network_that_holds_everything_back(self):
        def disturb(running):
            self.network.tell("pause")
            try:
                self.stuck()
            finally:
                self.network.tell("resume")

        self.run_disturbed("held", disturb)

    def test_a_network_that_loses_everything(self):
        def disturb(running):
            lost = self.network.stats()["dropped_bytes"]
            self.network.tell("drop")
            try:
                self.stuck()
            finally:
                self.network.tell("resume")
            self.assertGreater(self.network.stats()["dropped_bytes"], lost, "bytes were lost")

        self.run_disturbed("lost", disturb)

    def test_a_network_that_cuts_and_refuses(self):
        def disturb(running):
            cut = self.network.stats()["cut"]
            self.network.tell("refuse")
            self.network.tell("cut")
            try:
                self.stuck()
            finally:
                self.network.tell("accept")
            self.assertGreater(self.network.stats()["cut"], cut)
            self.assertGreater(self.network.stats()["refused"], 0)

        self.run_disturbed("cut", disturb)

    def test_a_worker_that_is_stopped_is_replaced(self):
        """The supervisor hears nothing of it any more, kills it and starts another."""
        def disturb(running):
            stopped = children(running.process.pid)[0]
            os.kill(stopped, signal.SIGSTOP)
            running.wait_until(lambda: stopped not in children(running.process.pid) and children(running.process.pid), "another worker")
            self.assertIn("gave no sign of life", running.err())

        done = self.run_disturbed("replaced", disturb, "--set", "limits.hang_timeout=5s")
        self.assertGreaterEqual(done.result["restarts"], 1)

    def test_a_run_that_was_stopped_while_another_one_took_over_is_fenced(self):
        """Both processes are stopped, the locks are lost (as on a network file system), a second run goes on to the end; then the first go on."""
        self.topics.make("fenced-")
        file, state = self.write("fenced.toml", on_topics(self.topics.address, "fenced-", UNLIMITED, Topics.TRICKLE)), self.path("fenced.state")
        with Running("run", file, "--json", env={"WEIR_STATE_DIR": state}) as old:
            old.wait_for('"msg":"cut is complete"')
            old.wait_until(lambda: self.topics.any_row("fenced-"), "a committed row")
            both = [old.process.pid, *children(old.process.pid)]
            for pid in both:
                os.kill(pid, signal.SIGSTOP)
            try:
                locks = [os.path.join(folder, name) for folder, _, names in os.walk(state) for name in names if name.upper() == "LOCK"]
                self.assertGreaterEqual(len(locks), 2)
                for lock in locks:
                    os.remove(lock)
                done = self.run_well(file, env={"WEIR_STATE_DIR": state})
            finally:
                for pid in reversed(both):
                    os.kill(pid, signal.SIGCONT)
            ended = old.finish()
        self.assertEqual(done["state"], "finished")
        self.assertNotEqual(ended.code, 0, ended)
        self.assertRegex(ended.err, "has taken over|is another one running with this id|fenced")
        compare(self, self.wanted, lambda sink: self.topics.rows("fenced-" + sink))


if __name__ == "__main__":
    unittest.main(verbosity=2)
