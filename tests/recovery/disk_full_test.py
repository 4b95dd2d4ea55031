#!/usr/bin/env python3
"""A disk that fills up while a pipeline runs, and has room again later: that of its state, that of its output. Cuts fail and say why,
nothing is lost, and half a minute after there is room it runs again.

The disks are small tmpfs: mounting them needs root, or user namespaces (unshare -rm)."""
import errno
import os
import subprocess
import sys
import threading
import time
import unittest

from support_auctions import Auctions, at_full_speed, compare, on_files, rows_of_files
from support_recovery import Case, Running

BIDS = 60_000
RATE = 1_000  # a minute of input; run to the end at full speed
DISK = "6m"
RUNS_AGAIN_S = 30
NO_ROOM = "No space left on device"


class Ballast:
    """Whatever room there is on the disk of `path` is taken until it is released."""

    def __init__(self, path):
        self.path, self.failed_with, self.stop = path, set(), threading.Event()
        self.thread = threading.Thread(target=self.fill, daemon=True)
        self.thread.start()

    def fill(self):
        with open(self.path, "wb", buffering=0) as file:
            while not self.stop.is_set():
                try:
                    file.write(b"x" * 4096)
                except OSError as e:
                    self.failed_with.add(e.errno)
                    self.stop.wait(0.002)

    def release(self):
        self.stop.set()
        self.thread.join()
        os.remove(self.path)


class DiskFull(Case):
    def setUp(self):
        super().setUp()
        data = Auctions(BIDS)
        data.files(self.folder)
        self.wanted = data.wanted()
        for name in ("state", "out"):
            os.makedirs(self.path(name))

    def disk(self, name):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "weir-test", self.path(name)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"this test mounts a small tmpfs: run it as root or where `unshare -rm` is permitted: {done.stderr}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.path(name)], check=True)

    def run_while_full(self, full, told, *arguments):
        """`told(log)`: enough was said about the full disk. Runs to the end and compares."""
        env = {"WEIR_STATE_DIR": self.path("state")}
        file = self.write("full.toml", on_files(self.folder, self.path("out"), RATE))
        retries = ("--set", "restart.strategy=exponential-delay", "--set", "restart.initial_backoff=100ms", "--set", "restart.max_backoff=5s")
        with Running("run", file, "--json", *retries, *arguments, env=env) as running:
            running.wait_for('"msg":"cut is complete"')
            ballast = Ballast(os.path.join(self.path(full), "ballast"))
            try:
                running.wait_until(lambda: told(running.err()), "what is said about the full disk")
            finally:
                ballast.release()
            freed, before = time.monotonic(), running.err().count('"msg":"cut is complete"')
            running.wait_until(lambda: running.err().count('"msg":"cut is complete"') > before, "a cut after there is room again")
            took = time.monotonic() - freed
            self.assertIn(errno.ENOSPC, ballast.failed_with, "the disk was full")
            self.assertLessEqual(took, RUNS_AGAIN_S, running.err()[-4000:])
            drained = running.drain()
            self.assertEqual(drained.code, 0, drained)
        self.run_well(file, *at_full_speed(), env=env)
        compare(self, self.wanted, lambda sink: rows_of_files(self.path("out"), sink))
        return drained.err

    def given_up(self, log):
        return [line for line in log.splitlines() if '"msg":"cut was given up"' in line and NO_ROOM in line]

    def test_no_room_for_state_and_the_run_goes_on_without_cuts(self):
        self.disk("state")
        log = self.run_while_full("state", lambda said: len(self.given_up(said)) >= 5, "--set", "checkpoint.tolerable_failures=100000")
        self.assertNotIn("is restarted", log, "failed cuts are tolerated")
        self.assertIn("free some space on that file system", self.given_up(log)[0])

    def test_no_room_for_state_and_the_run_is_restarted_until_there_is(self):
        self.disk("state")
        log = self.run_while_full("state", lambda said: self.given_up(said) and said.count("is restarted") >= 4)
        self.assertIn("free some space on that file system", log)

    def test_no_room_for_output(self):
        self.disk("out")

        def told(said):
            return sum(NO_ROOM in line and "is restarted" in line for line in said.splitlines()) >= 3

        log = self.run_while_full("out", told)
        self.assertIn("free some space there, or let the option 'path' name another disk", log)


if __name__ == "__main__":
    if os.geteuid() != 0 and "WEIR_UNSHARED" not in os.environ:
        os.environ["WEIR_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "-rm", sys.executable, "-B", *sys.argv])
    unittest.main(verbosity=2)
