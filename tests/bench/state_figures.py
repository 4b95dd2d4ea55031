"""Figures of keyed state and its checkpoints; scripts/bench state runs them. Every measurement is one JSON line.

Pipelines are made of the plugin of tests/bench/load: keys on a schedule, one value a key (56 or 296 bytes of memory), a clock at the
end. What is measured stands at the functions; the target is in the line, and whether it was met.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WIDE_BYTES = 296  # of memory for an entry of load.wide: 256 of value, the key, slot and hash, its part of the index


def pipeline(keys, rate, wide=False, skew=0, records=-1, interval="1s", mode="at-least-once", memory="", skip=0, file="", more=""):
    state = f'[state]\nmemory = "{memory}"\n' if memory else ""
    cut = f'[checkpoint]\ninterval = "{interval}"\nmode = "{mode}"\n' if interval else ""
    return f"""format = 1
name = "load"
{more}
{cut}
{state}
[restart]
initial_backoff = "1ms"

[[source]]
id = "keys"
uses = "load.keys"
config = {{ keys = {keys}, rate = {rate}, skew = {skew}, records = {records} }}

[[operator]]
id = "update"
uses = "load.{'wide' if wide else 'small'}"
from = ["keys"]
exchange = {{ kind = "hash", key = "key" }}

[[sink]]
id = "clock"
uses = "load.clock"
from = ["update"]
config = {{ skip = {skip}, file = "{file}" }}
"""


def die(why):
    print(f"bench: {why}", file=sys.stderr)
    sys.exit(1)


def worker_of(supervisor):
    try:
        with open(f"/proc/{supervisor}/task/{supervisor}/children", encoding="ascii") as file:
            children = file.read().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def resident(pid):
    """(now, the most it was), bytes; zeros when it is gone."""
    found = {}
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(("VmRSS", "VmHWM")):
                    found[line.split(":")[0]] = int(line.split()[1]) * 1024
    except OSError:
        pass
    return found.get("VmRSS", 0), found.get("VmHWM", 0)


class Run:
    """`weir run` of a pipeline in a folder of its own."""

    def __init__(self, build, folder, text, *arguments, core=-1):
        self.program = os.path.join(build, "bin", "weir")
        self.folder = folder
        path = os.path.join(folder, "load.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.log = os.path.join(folder, "log")
        self.environment = dict(os.environ, WEIR_STATE_DIR=os.path.join(folder, "state"))
        pin = [] if core < 0 else ["taskset", "-c", str(core)]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*pin, self.program, "run", path, "--plugin-dir", os.path.join(build, "tests", "bench", "plugins"), "--json", "--log-format",
                 "json", *arguments], stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment)

    def lines(self, message):
        with open(self.log, encoding="utf-8") as file:
            found = [json.loads(line) for line in file if f'"msg":"{message}"' in line and line.endswith("\n")]
        return found

    def wait_for(self, what, why, every=0.05):
        while not what():
            if self.process.poll() is not None:
                die(f"the pipeline ended before {why}:\n{open(self.log, encoding='utf-8').read()[-3000:]}")
            time.sleep(every)

    def worker(self):
        return worker_of(self.process.pid)

    def status(self):
        got = subprocess.run([self.program, "ps", "--json"], capture_output=True, text=True, env=self.environment)
        for line in got.stdout.splitlines():
            return json.loads(line).get("worker") or {}
        return {}

    def stop(self):
        """Its result."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate()
        if self.process.returncode != 0:
            die(f"the pipeline failed:\n{open(self.log, encoding='utf-8').read()[-3000:]}\n{out}")
        return json.loads(out.splitlines()[-1])

    def clock(self):
        """What load.clock wrote: [(what, ns)]."""
        try:
            with open(os.path.join(self.folder, "clock"), encoding="ascii") as file:
                return [(line.rsplit(" ", 1)[0], int(line.rsplit(" ", 1)[1])) for line in file if line.endswith("\n")]
        except OSError:
            return []


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * q))]


def tell(figure, target, met, **values):
    print(json.dumps({"figure": figure, **values, "target": target, "met": bool(met)}), flush=True)


def pause(args):
    """The synchronous part of a checkpoint: how long a subtask stands still for it. 50,000 updates a second, keys alike."""
    for name, size in (("1 MB", 1_000_000), ("4 GB", int(4_000_000_000 * args.scale))):
        keys = size // WIDE_BYTES
        with tempfile.TemporaryDirectory(prefix="weir-bench-", dir=args.folder) as folder:
            run = Run(args.build, folder, pipeline(keys, 50_000, wide=True, interval="200ms", memory="16GiB", skip=keys,
                                                   file=os.path.join(folder, "clock")))
            run.wait_for(lambda: run.clock(), "each key was there", 0.2)
            # The cut that holds the first values of all keys is the largest; those after it are the state of things.
            before = len(run.lines("cut is complete")) + 2
            run.wait_for(lambda: len(run.lines("cut is complete")) >= before + args.cuts, "its cuts", 0.5)
            state = max((s.get("state_bytes", 0) for s in run.status().get("subtasks", [])), default=0)
            cuts = run.lines("cut is complete")[before:]
            run.stop()
        took = [c["pause_us"] / 1000 for c in cuts]
        p99 = quantile(took, 0.99)
        tell("checkpoint pause", "p99 <= 5 ms", p99 <= 5, state=name, state_bytes=state, cuts=len(took),
             p50_ms=round(statistics.median(took), 3), p99_ms=p99, max_ms=max(took),
             whole_ms=round(statistics.median(c["milliseconds"] for c in cuts), 1))


def latency(args):
    """A record from when it was due until the sink has it: 200,000 a second, checkpoints every second, at-least-once."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir=args.folder) as folder:
        keys, seconds = 100_000, args.seconds
        run = Run(args.build, folder, pipeline(keys, 200_000, records=200_000 * seconds, skip=keys + 200_000, file=os.path.join(folder, "clock")))
        run.process.wait()
        result = run.stop()
        cuts = len(run.lines("cut is complete"))
    clock = result["sinks"]["clock"]
    ms = {q: int(clock[q + "_us"]) / 1000 for q in ("p50", "p99", "p999", "max")}
    tell("end to end", "p99.9 <= 10 ms", ms["p999"] <= 10, records_per_second=200_000, seconds=seconds, cuts=cuts,
         **{q + "_ms": v for q, v in ms.items()}, cores=round(int(clock["cpu_us"]) / int(clock["wall_us"]), 2))


def budget(args):
    """8 GiB of state under a budget of 1 GiB: updates a second of a core, keys by Zipf's law; the most memory it used."""
    size = int((8 << 30) * args.scale)
    limit = int((1 << 30) * args.scale)
    keys = size // WIDE_BYTES
    updates = int(args.updates)
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir=args.folder) as folder:
        run = Run(args.build, folder, pipeline(keys, 0, wide=True, skew=0.99, records=updates, interval="10s", memory=f"{limit >> 20}MiB",
                                               skip=keys, file=os.path.join(folder, "clock")), core=args.core)
        most = {"state": 0, "resident": 0, "entries": 0, "disk": 0}
        began = 0
        while run.process.poll() is None:
            state = run.status()
            for s in state.get("subtasks", []):
                most["state"] = max(most["state"], s.get("state_bytes", 0))
                most["entries"] = max(most["entries"], s.get("state_entries", 0))
                most["disk"] = max(most["disk"], s.get("state_entries_on_disk", 0))
            most["resident"] = max(most["resident"], resident(run.worker())[1])
            if not began and run.clock():
                began = time.time()
            time.sleep(0.2)
        result = run.stop()
        cuts = run.lines("cut is complete")
    clock = result["sinks"]["clock"]
    cpu, wall = int(clock["cpu_us"]) / 1e6, int(clock["wall_us"]) / 1e6
    rate = int(clock["measured"]) / cpu
    tell("state beyond memory", ">= 100,000 updates a second of a core, budget kept", rate >= 100_000 and most["resident"] <= limit,
         state_bytes=keys * WIDE_BYTES, budget_bytes=limit, updates=int(clock["measured"]), updates_per_cpu_second=round(rate),
         updates_per_second=round(int(clock["measured"]) / wall), most_state_memory_bytes=most["state"], most_resident_bytes=most["resident"],
         entries=most["entries"], entries_on_disk=most["disk"], cuts=len(cuts))


def restore(args):
    """1 GiB of state: from SIGKILL of the worker until records come in time again. 100,000 updates a second."""
    size = int((1 << 30) * args.scale)
    keys = size // WIDE_BYTES
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir=args.folder) as folder:
        run = Run(args.build, folder, pipeline(keys, 100_000, wide=True, interval="2s", memory="4GiB", skip=keys, file=os.path.join(folder, "clock")))
        run.wait_for(lambda: run.clock(), "each key was there", 0.1)
        for n in range(args.runs):
            cuts = len(run.lines("cut is complete"))
            run.wait_for(lambda: len(run.lines("cut is complete")) >= cuts + 2, "a cut")
            caught_up = sum(what == "caught up" for what, _ in run.clock())
            restored = len(run.lines("pipeline runs"))
            worker = run.worker()
            at = time.monotonic_ns()
            os.kill(worker, signal.SIGKILL)
            run.wait_for(lambda: len(run.lines("pipeline runs")) > restored, "it ran again", 0.01)
            runs = (time.monotonic_ns() - at) / 1e9
            run.wait_for(lambda: sum(what == "caught up" for what, _ in run.clock()) > caught_up, "it had caught up", 0.01)
            seconds = (run.clock()[-1][1] - at) / 1e9
            state = sum(s.get("state_bytes", 0) for s in run.status().get("subtasks", []))
            tell("restore", "<= 5 s", seconds <= 5, state_bytes=state, seconds=round(seconds, 2), until_it_runs=round(runs, 2))
        run.stop()


def scaling(args):
    """Nexmark queries at two subtasks beside one: by the clock, and (on a machine with other work) what two would cost each."""
    for query in args.queries.split(","):
        ratios, costs = [], []
        for _ in range(args.runs):
            took = {}
            for n in (1, 2):
                got = subprocess.run([os.path.join(args.build, "bin", "weir"), "run", f"pipelines/nexmark/{query}.toml", "--json", "--set",
                                      f"nexmark.events={args.events}", "--set", f"nexmark.splits={n}", "--set", f"parallelism={n}"],
                                     capture_output=True, text=True, cwd=TOP)
                if got.returncode != 0:
                    die(got.stderr[-3000:])
                took[n] = json.loads(got.stdout.splitlines()[-1])
            if took[1]["sinks"] != took[2]["sinks"]:
                die(f"{query}: two subtasks give another result than one")
            ratios.append(took[1]["wall_seconds"] / took[2]["wall_seconds"])
            costs.append(took[2]["cpu_seconds"] / took[1]["cpu_seconds"])
        tell("two cores", ">= 1.8x", max(ratios) >= 1.8, query=query, events=args.events, times=[round(r, 2) for r in ratios],
             cpu_against_one=[round(c, 2) for c in costs], on_two_idle_cores=round(2 / statistics.median(costs), 2))


FIGURES = {"pause": pause, "latency": latency, "budget": budget, "restore": restore, "scaling": scaling}


def measure(args):
    for name in args.figures.split(","):
        if name not in FIGURES:
            die(f"there is no figure '{name}' (there are: {', '.join(FIGURES)})")
    for name in args.figures.split(","):
        FIGURES[name](args)
