"""weir_with_faults (fault_points.cpp): started again until its kills have happened, then run to its end."""
import collections
import fcntl
import glob
import os
import re
import signal
import subprocess
import time

from support_auctions import at_full_speed
from support_recovery import PATIENCE, SOURCE, environment, wait_for

PROGRAM = os.environ["WEIR_FAULTY_PROGRAM"]
AT_THE_END = {"run.before_end"}  # passed only when the input has ended
EARLY = {"run.begun", "run.before_worker", "run.worker_noted", "storage.opened"}  # passed once a start


def points(*folders):
    """The names in the sources, each in one place."""
    names = []
    for folder in folders:
        for path in glob.glob(os.path.join(SOURCE, folder, "**", "*.cpp"), recursive=True):
            with open(path, encoding="utf-8") as file:
                names += re.findall(r'\bfault_point\("([\w.]+)"\)', file.read())
    # Steps of a change are reached when somebody asks for one: tests/swap/fault_points_test.py.
    names = [name for name in names if not name.startswith(("canary.", "change.", "exchange."))]
    twice = [name for name, n in collections.Counter(names).items() if n > 1]
    if twice:
        raise AssertionError(f"a name is one place: {twice}")
    return names


def together(names, kills):
    """Passages to be killed at. Not those in a row where there are many: other subtasks, other cuts."""
    few = {"restore.snapshot_read", "restore.handed_out", "kafka.progress_read"} | EARLY | AT_THE_END
    return {name: list(range(1, kills + 1)) if name in few else [2, 5, 11, 17][:kills] for name in names}


class FaultyRun:
    """Runs until it has ended well. `kills`: passages by name. `first`: kills that make the places be reached at all, not counted."""

    def __init__(self, folder, file, kills, first="", env=None):
        os.makedirs(folder)
        self.folder, self.file, self.logs = folder, file, []
        told = ";".join([*([first] if first else []), *(f"{name}:{','.join(map(str, at))}" for name, at in kills.items())])
        if len(kills) == 1 and first:  # a place may be one of those that are killed first
            for name, at in kills.items():
                told = ";".join([part for part in first.split(";") if part.split(":")[0] != name] + [f"{name}:{','.join(map(str, at))}"])
        self.env = {**(env or {}), "WEIR_FAULTS": folder, "WEIR_FAULT_POINT": told}
        self.waited_for = {name: len(at) for name, at in kills.items() if name not in AT_THE_END}
        self.until = time.monotonic() + PATIENCE
        while not self.enough():
            if self.run() == 0 and not self.enough():
                raise AssertionError(f"the input ended before all kills: {self.missing()}")
        while self.run(*at_full_speed()) != 0:
            pass

    @property
    def killed(self):
        try:
            with open(os.path.join(self.folder, "killed"), encoding="utf-8") as file:
                return collections.Counter(file.read().split())
        except FileNotFoundError:
            return collections.Counter()

    def passed(self, name):
        path = os.path.join(self.folder, name)
        return os.path.getsize(path) if os.path.exists(path) else 0

    def missing(self):
        killed = self.killed
        return {name: n - killed[name] for name, n in self.waited_for.items() if killed[name] < n}

    def enough(self):
        return not self.missing()

    def run(self, *arguments):
        """0: ended in order, also when told to because there were kills enough. Else it was killed."""
        self.wait_for_the_lock()
        log = os.path.join(self.folder, f"log-{len(self.logs)}")
        self.logs.append(log)
        with open(log, "w", encoding="utf-8") as to:
            process = subprocess.Popen([PROGRAM, "run", self.file, "--json", *arguments], env=environment(self.env), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=to)
        try:
            told = bool(arguments)  # a run to the end
            while process.poll() is None:
                if time.monotonic() > self.until:
                    raise AssertionError(f"waited {PATIENCE:.0f} s in vain; kills that did not happen: {self.missing()}\n{self.tail()}")
                if not told and self.enough():
                    told = True
                    process.send_signal(signal.SIGTERM)
                time.sleep(0.02)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        # Told to stop while the last kill happened, there is no worker that could end in order.
        stopped_dead = told and not arguments and '"signal":9' in self.last("worker ended")
        if process.returncode not in (0, -signal.SIGKILL) and not stopped_dead:
            raise AssertionError(f"exit code {process.returncode}\n{self.tail()}")
        return process.returncode

    def wait_for_the_lock(self):
        """A worker outlives its killed supervisor for a moment."""
        for path in glob.glob(os.path.join(self.env["WEIR_STATE_DIR"], "*", "LOCK")):
            with open(path, "r+", encoding="utf-8") as file:
                def free(lock=file):
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        return True
                    except BlockingIOError:
                        return False
                wait_for(free, "the worker of a killed supervisor to be gone")

    def last(self, message):
        with open(self.logs[-1], encoding="utf-8", errors="replace") as file:
            return next((line for line in reversed(file.readlines()) if f'"msg":"{message}"' in line), "")

    def tail(self):
        with open(self.logs[-1], encoding="utf-8", errors="replace") as file:
            return file.read()[-6000:]
