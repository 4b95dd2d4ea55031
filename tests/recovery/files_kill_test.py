#!/usr/bin/env python3
"""Files of an exactly-once sink, while workers are killed: what readers see is what an uninterrupted run writes, and never more."""
import collections
import glob
import json
import os
import signal
import unittest

from support_recovery import Case, KilledRun, Running, children, kill, wait_for

PIPELINE = """
format = 1
name = "files-kill"
[checkpoint]
interval = "100ms"
[restart]
initial_backoff = "10ms"
[[source]]
id = "nexmark"
uses = "nexmark.source"
config = { events = EVENTS, rate = RATE }   # one split: order per key means something
watermark = { out_of_orderness = "0s" }
[[operator]]
id = "last"
uses = "keyed.dedupe"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = ["bidder", "auction"] }
config = { keep = "last", columns = ["price", "ts"] }
parallelism = 2
[[operator]]
id = "counts"
uses = "window.tumbling"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "auction" }
config = { size = "1s", aggregates = ["count() AS bids", "max(price) AS most"] }
parallelism = 2
[[sink]]
id = "bids"
uses = "file.sink"
from = ["last"]
format = "json"
config = { path = "OUT/bids-{subtask}-{seq}.jsonl" }
parallelism = 2
[[sink]]
id = "windows"
uses = "file.sink"
from = ["counts"]
format = "json"
config = { path = "OUT/windows-{subtask}-{seq}.jsonl" }
parallelism = 2
"""
EVENTS = 600_000
RATE = 150_000


def read(folder, name):
    """Lines of all visible files, each file in order, files of a subtask in theirs."""
    lines = []
    for path in sorted(glob.glob(os.path.join(folder, f"{name}-*.jsonl")), key=lambda p: [int(n) for n in os.path.basename(p)[:-6].split("-")[1:]]):
        with open(path, encoding="utf-8") as file:
            lines += file.read().splitlines()
    return lines


def per_key(lines):
    out = collections.defaultdict(list)
    for line in lines:
        row = json.loads(line)
        out[row["bidder"], row["auction"]].append((row["ts"], row["price"]))
    return out


class FilesKill(Case):
    def told(self, name, events, rate):
        out = self.path(name)
        os.makedirs(out, exist_ok=True)
        text = PIPELINE.replace("OUT", out).replace("EVENTS", str(events)).replace("RATE", str(rate))
        return self.write(f"{name}.toml", text), out

    def calm(self):
        file, out = self.told("calm", EVENTS, 0)
        self.run_well(file, env={"WEIR_STATE_DIR": self.path("state-calm")})
        return read(out, "bids"), read(out, "windows")

    def compare(self, out):
        bids, windows = self.calm()
        seen, seen_windows = read(out, "bids"), read(out, "windows")
        self.assertEqual(collections.Counter(seen), collections.Counter(bids), "nothing lost, nothing twice")
        self.assertEqual(collections.Counter(seen_windows), collections.Counter(windows))
        self.assertEqual(per_key(seen), per_key(bids), "in order per key")
        self.assertEqual(glob.glob(os.path.join(out, ".*")), [], "no hidden file is left")

    def test_a_worker_that_is_killed_again_and_again(self):
        file, out = self.told("killed", EVENTS, RATE)
        run = KilledRun(file, env={"WEIR_STATE_DIR": self.path("state")}, seed=5, kills=10)
        self.assertEqual(run.outcome.code, 0, run.outcome)
        self.assertGreaterEqual(run.killed, 5)
        self.compare(out)

    def test_supervisor_and_worker_killed_together_and_started_again(self):
        file, out = self.told("both", EVENTS, RATE)
        env = {"WEIR_STATE_DIR": self.path("state")}
        for _ in range(4):
            with Running("run", file, "--json", env=env) as running:
                running.wait_for('"msg":"cut is complete"')
                workers = children(running.process.pid)
                kill(running.process.pid)
                for worker in workers:
                    kill(worker)
                running.finish()
                wait_for(lambda gone=workers: not any(os.path.exists(f"/proc/{w}") for w in gone), "the worker to be gone")
        with Running("run", file, "--json", env=env) as running:
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertIn("the run goes on where the last one was", done.err)
        self.compare(out)

    def test_a_run_that_is_stopped_goes_on_where_it_was(self):
        file, out = self.told("stopped", EVENTS, RATE)
        env = {"WEIR_STATE_DIR": self.path("state")}
        for _ in range(3):
            with Running("run", file, "--json", env=env) as running:
                running.wait_for('"msg":"cut is complete"')
                running.process.send_signal(signal.SIGTERM)
                done = running.finish()
                self.assertEqual(done.code, 0, done)
        with Running("run", file, "--json", env=env) as running:
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.result["records_in"], EVENTS)
        self.compare(out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
