"""What the tests of changes share: a pipeline under load, and commands that change it."""
import collections
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "recovery"))
from support_recovery import SLOWNESS, Case, Running, children, kill, wait_for, weir  # noqa: E402,F401

AT_ONCE = 1e9  # records a second: a rate that holds nothing back
PLUGINS = os.path.join(os.environ["WEIR_BINARY_DIR"], "lib", "weir", "swap_plugins")


def plugin(name):
    return os.path.join(PLUGINS, f"activity_{name}.so")


PIPELINE = """
format = 1
name = "NAME"
DETERMINISTIC
[plugin]
activity = { path = "V1" }
[checkpoint]
interval = "INTERVAL"
[restart]
initial_backoff = "10ms"
[swap]
SWAP
[[source]]
id = "nexmark"
uses = "nexmark.source"
config = { events = EVENTS, rate = RATE }
watermark = { out_of_orderness = "0s" }
[[operator]]
id = "counts"
uses = "activity.counter"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "bidder" }
config = { quiet = "1s" }
parallelism = 2
[[operator]]
id = "wrong"
uses = "std.filter"
from = ["counts"]
config = { where = "total < 0" }
[[sink]]
id = "alarms"
uses = "digest.sink"
from = ["wrong"]
[[sink]]
id = "out"
uses = "file.sink"
from = ["counts"]
format = "json"
config = { path = "OUT/out-{subtask}-{seq}.jsonl" }
parallelism = 2
"""

SLOW = """
[[operator]]
id = "slow"
uses = "std.throttle"
from = ["nexmark:bid"]
config = { rate = RATE }
parallelism = 1
"""


def held_back(text):
    """The same with a throttle behind the source: RATE is its rate, and SwapCase.let_go() ends it. So a run lasts for as long as a test
    has something to change, on a slow machine, too."""
    return text.replace(", rate = RATE }", " }").replace('"nexmark:bid"', '"slow"') + SLOW


class SwapCase(Case):
    """One pipeline a test; calm() is what it writes when nobody touches it."""
    EVENTS = 400_000
    RATE = 100_000

    def told(self, name, events=None, rate=None, interval="100ms", swap="", deterministic=False, text=PIPELINE):
        out = self.path(name)
        os.makedirs(out, exist_ok=True)
        events, rate = events or self.EVENTS, self.RATE if rate is None else rate
        if rate < AT_ONCE:
            rate /= SLOWNESS  # a change takes longer, too: as many records flow between two
        for key, value in {"NAME": name, "V1": plugin("v1"), "EVENTS": str(events), "RATE": str(rate), "INTERVAL": interval, "SWAP": swap,
                           "DETERMINISTIC": "deterministic = true" if deterministic else "", "OUT": out}.items():
            text = text.replace(key, value)
        return self.write(f"{name}.toml", text), out

    def env(self, name="state"):
        return {"WEIR_STATE_DIR": self.path(name)}

    def assert_runs(self, version):
        """`version`: NAME@VERSION, as `weir ps` shows it. A worker that starts is waited for."""
        seen = [""]

        def tells():
            seen[0] = weir("ps", "--json", env=self.env()).out
            return version.split("@")[0] + "@" in seen[0]

        wait_for(tells, f"{version} to run")
        self.assertIn(version, seen[0])

    _calm = {}

    def calm(self, **how):
        """Once for all tests of a class."""
        key = (type(self), tuple(sorted(how.items())))
        if key not in self._calm:
            file, out = self.told("calm", **how)
            self.run_well(file, env=self.env("state-calm"))
            self._calm[key] = self.read(out)
        return self._calm[key]

    def read(self, out, subtask="*", name="out"):
        lines = []
        for path in sorted(glob.glob(os.path.join(out, f"{name}-{subtask}-*.jsonl")), key=lambda p: [int(n) for n in os.path.basename(p)[:-6].split("-")[1:]]):
            with open(path, encoding="utf-8") as file:
                lines += file.read().splitlines()
        return lines

    def per_key(self, lines):
        out = collections.defaultdict(list)
        for line in lines:
            out[json.loads(line)["bidder"]].append(line)
        return out

    def assert_same(self, seen, expected):
        self.assertEqual(len(seen), len(expected))
        self.assertEqual(collections.Counter(seen), collections.Counter(expected), "nothing lost, nothing twice")
        self.assertEqual(self.per_key(seen), self.per_key(expected), "in order per key")

    def change(self, *arguments, code=0, name="state"):
        done = weir(*arguments, "--json", env=self.env(name))
        self.assertEqual(done.code, code, done)
        return json.loads(done.out)

    def let_go(self, pipeline, name="state"):
        """A pipeline that was held_back() runs to its end as fast as it can."""
        for _ in range(5):  # the throttle sleeps in a call that may be longer than a change waits for: then it is given up
            done = weir("swap", pipeline, "slow", "--config", f"rate={AT_ONCE}", "--json", env=self.env(name))
            state = json.loads(done.out)["state"] if done.out else done
            if state != "given up":
                break
        self.assertEqual(state, "committed", done)

    def worker(self, pipeline, name="state"):
        """What weir ps tells of the pipeline's worker; empty when there is none."""
        for line in weir("ps", "--json", env=self.env(name)).out.splitlines():
            status = json.loads(line)
            if status["pipeline"] == pipeline:
                return status.get("worker", {})
        return {}

    def subtasks(self, pipeline, operator, name="state"):
        return [s for s in self.worker(pipeline, name).get("subtasks", []) if s["operator"] == operator]

    def history(self, pipeline, name="state"):
        done = weir("history", pipeline, "--json", env=self.env(name))
        self.assertEqual(done.code, 0, done)
        return [json.loads(line) for line in done.out.splitlines()]
