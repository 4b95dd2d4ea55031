"""What the tests that run the program weir share. ctest says by the environment where it and the source tree are."""
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

PROGRAM = os.environ["WEIR_PROGRAM"]
SOURCE = os.environ["WEIR_SOURCE_DIR"]
BINARY = os.environ["WEIR_BINARY_DIR"]
SLOWNESS = float(os.environ.get("WEIR_TIME_FACTOR", "1"))  # how many times longer this build takes for everything
PATIENCE = 300.0 * SLOWNESS  # seconds after which something is certainly broken: only a failing test waits as long


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def result(self):
        """The object that `weir run --json` prints last."""
        return json.loads(self.out.splitlines()[-1])

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-8000:]}"


def environment(more=None):
    """The caller's, without what would change which plugins or records are used."""
    out = {k: v for k, v in os.environ.items() if not k.startswith(("EXCEPTIONS_", "KAFKA"))}
    out.update(more or {})
    return out


class Running:
    """The program while it runs. Its output is collected, so nothing blocks on a full pipe."""

    def __init__(self, *arguments, env=None):
        self.process = subprocess.Popen([PROGRAM, *map(str, arguments)], env=environment(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.lines = {"out": [], "err": []}
        self.readers = [threading.Thread(target=self._collect, args=(name, pipe), daemon=True)
                        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def _collect(self, name, pipe):
        for line in pipe:
            self.lines[name].append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def err(self):
        return "".join(self.lines["err"])

    def wait_for(self, text):
        """Until the log holds `text`; an error when the program ends before."""
        wait_for(lambda: text in self.err() or self.process.poll() is not None, f"'{text}' in the log", self)
        if text not in self.err():
            raise AssertionError(f"the program ended without saying '{text}':\n{self.finish()}")

    def wait_until(self, condition, what):
        """Until it holds; an error when the program ends before."""
        wait_for(lambda: condition() or self.process.poll() is not None, what, self)
        if self.process.poll() is not None:
            raise AssertionError(f"the program ended while the test waited for {what}:\n{self.finish()}")

    def drain(self):
        self.process.send_signal(signal.SIGTERM)
        return self.finish()

    def finish(self):
        code = self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join()
        return Outcome(code, "".join(self.lines["out"]), self.err())


def weir(*arguments, env=None):
    with Running(*arguments, env=env) as running:
        return running.finish()


def wait_for(condition, what, running=None):
    """`running`: the program whose log says why it was in vain."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            said = f":\n{running.err()[-8000:]}" if running else ""
            raise AssertionError(f"waited {PATIENCE:.0f} s in vain for {what}{said}")
        time.sleep(0.05)


def pipeline(name):
    return os.path.join(SOURCE, "pipelines", name)


def rows(folder, name, subtask="*", parse=json.loads):
    """Of all files NAME-{subtask}-{seq}.jsonl of a sink, or of one subtask of it, in their order."""
    def number(path):
        part, seq = os.path.basename(path)[len(name) + 1:-len(".jsonl")].split("-")
        return int(part), int(seq)

    out = []
    for path in sorted(glob.glob(os.path.join(folder, f"{name}-{subtask}-*.jsonl")), key=number):
        with open(path, encoding="utf-8") as file:
            out += [parse(line) for line in file]
    return out


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def run_well(self, *arguments, env=None):
        """weir run with --json; it must end well. Its result."""
        done = weir("run", *arguments, "--json", env=env)
        self.assertEqual(done.code, 0, done)
        return done.result

    def assert_says(self, done, code, *parts):
        self.assertEqual(done.code, code, done)
        for part in parts:
            self.assertIn(part, done.err, done)
