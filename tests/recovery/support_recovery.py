"""What the tests that kill weir share."""
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "pipelines"))
from support import PATIENCE, SLOWNESS, SOURCE, Case, Running, environment, pipeline, rows, wait_for, weir  # noqa: E402,F401


def children(pid):
    """Processes that `pid` has started, in the order of their numbers."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def kill(pid, how=signal.SIGKILL):
    """False when it was gone already."""
    try:
        os.kill(pid, how)
        return True
    except ProcessLookupError:
        return False


class KilledRun:
    """`weir run` whose worker is killed again and again; `result` is the object that it prints last."""

    def __init__(self, *arguments, env=None, seed=1, pause=0.5, kills=5):
        """Kills the worker up to `pause` seconds after it began to run; every second one not before it has completed a cut."""
        self.random = random.Random(seed)
        self.killed = 0
        with Running("run", *arguments, "--json", env=env) as running:
            supervisor = running.process.pid

            def seen(text, more_than):
                wait_for(lambda: running.err().count(text) > more_than or running.process.poll() is not None, f"'{text}' in the log", running)

            while self.killed < kills:
                seen('"msg":"pipeline runs"', self.killed)
                if self.killed % 2:
                    seen('"msg":"cut is complete"', running.err().count('"msg":"cut is complete"'))
                time.sleep(self.random.uniform(0, pause))
                workers = children(supervisor)
                if running.process.poll() is not None or not workers:
                    break
                self.killed += kill(workers[0])
            self.outcome = running.finish()

    @property
    def result(self):
        return json.loads(self.outcome.out.splitlines()[-1])
