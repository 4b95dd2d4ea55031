"""scripts/bench swap: what a swap costs while records flow. Each measurement prints one JSON line."""
import array
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

PIPELINE = """
format = 1
name = "bench-swap"
[plugin]
meter = {{ path = "{v1}" }}
[checkpoint]
interval = "{interval}"
[state]
memory = "{memory}"
[limits]
batch_rows = 256
[[source]]
id = "ticks"
uses = "meter.ticks"
config = {{ keys = {keys}, rate = {rate}.0 }}
[[operator]]
id = "tally"
uses = "meter.counter"
from = ["ticks"]
exchange = {{ kind = "hash", key = "key" }}
[[sink]]
id = "times"
uses = "meter.times"
from = ["tally"]
config = {{ path = "{times}" }}
"""
PATIENCE = 900


class Run:
    """The pipeline, from when all its state is there and in a cut."""

    def __init__(self, build, folder, keys, rate, interval, memory):
        self.weir = os.path.join(build, "bin", "weir")
        self.plugins = [os.path.join(build, "lib", "weir", "bench_plugins", f"meter_v{v}.so") for v in (1, 2, 3)]
        self.times, self.env = os.path.join(folder, "times"), {**os.environ, "WEIR_STATE_DIR": os.path.join(folder, "state")}
        file = os.path.join(folder, "swap.toml")
        with open(file, "w", encoding="utf-8") as f:
            f.write(PIPELINE.format(v1=self.plugins[0], keys=keys, rate=rate, interval=interval, memory=memory, times=self.times))
        self.process = subprocess.Popen([self.weir, "run", file, "--json"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()
        self.swaps = 0
        self.wait_for(lambda: (self.of("tally") or {}).get("state_entries", 0) >= keys, "the state to fill")
        before = self.cuts()
        self.wait_for(lambda: self.cuts() >= before + 2, "a cut that holds all of the state")

    def wait_for(self, condition, what):
        until = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"no use waiting for {what}: {''.join(self.log)[-3000:]}")
            time.sleep(0.1)

    def ask(self, *words):
        done = subprocess.run([self.weir, *words, "--json"], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"weir {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def of(self, operator):
        try:
            subtasks = self.ask("ps").get("worker", {}).get("subtasks", [])
        except (RuntimeError, ValueError):
            return None
        return next((s for s in subtasks if s["operator"] == operator), None)

    def cuts(self):
        return sum('"msg":"cut is complete"' in line for line in list(self.log))

    def swap(self, to=None):
        """The record of the change."""
        self.swaps += 1
        change = self.ask("swap", "bench-swap", "tally", "--plugin", to or self.plugins[self.swaps % 2])
        if change["state"] != "committed" or not change["hot"]:
            raise RuntimeError(f"the swap came to nothing: {change}")
        return change

    def end(self):
        """Arrivals and latencies of rows, microseconds."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError(f"the run failed: {''.join(self.log)[-3000:]}")
        seen = array.array("q")
        with open(self.times, "rb") as file:
            seen.frombytes(file.read())
        return seen[0::2], seen[1::2]


def at(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))] if sorted_values else None


def measure(build, keys, rate, swaps, every, interval, memory):
    folder = tempfile.mkdtemp(prefix="weir-bench-swap-")
    try:
        run = Run(build, folder, keys, rate, interval, memory)
        try:
            state = run.of("tally")["state_bytes"]
            time.sleep(10 * every)  # what it is like without swaps
            begin, changes = time.time_ns() // 1000, []
            for _ in range(swaps):
                changes.append(run.swap())
                time.sleep(every)
            came_us, took_us = run.end()
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
        pauses = sorted(c["pause_us"] for c in changes)
        print(json.dumps({"what": "pause of a swap", "state_bytes": state, "keys": keys, "rate": rate, "swaps": swaps, "p50_us": at(pauses, 0.5),
                          "p99_us": at(pauses, 0.99), "most_us": pauses[-1]}), flush=True)
        second = 1_000_000
        first = came_us[0] + 2 * second  # it has found its pace
        # The new version serves some milliseconds after it was accepted; its probation lasts until the next cut.
        moments = [c["began_at_us"] for c in changes]
        calm, near, i = array.array("q"), array.array("q"), 0
        for came, took in zip(came_us, took_us):
            if came < begin:
                if came > first:
                    calm.append(took)
                continue
            while i < len(moments) and came > moments[i] + second:
                i += 1
            if i < len(moments) and came >= moments[i] - second:
                near.append(took)
        del came_us, took_us
        calm, near = sorted(calm), sorted(near)
        print(json.dumps({"what": "latency within 1 s around swaps", "state_bytes": state, "rate": rate, "rows": len(near),
                          "calm_p50_us": at(calm, 0.5), "calm_p99_us": at(calm, 0.99), "calm_p999_us": at(calm, 0.999),
                          "p50_us": at(near, 0.5), "p99_us": at(near, 0.99), "p999_us": at(near, 0.999)}), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_form(build, keys, rate, interval, memory, calm_s=20, after_s=20):
    """A version that keeps its state in another form: the pause, and the rows a second before, while it is converted, and after."""
    folder = tempfile.mkdtemp(prefix="weir-bench-form-")
    try:
        run = Run(build, folder, keys, rate, interval, memory)
        try:
            first = run.of("tally")
            seen = []  # when, rows so far, entries left

            def look():
                s = run.of("tally")
                if s:
                    seen.append((time.monotonic(), s["records_in"], s.get("state_entries_converting", 0), s["state_bytes"]))

            def look_for(seconds):
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    look()
                    time.sleep(0.2)

            look_for(calm_s)
            answer = {}
            asked = threading.Thread(target=lambda: answer.update(run.swap(run.plugins[2])))
            before, begin = len(seen), time.monotonic()
            asked.start()
            while asked.is_alive() or any(s[2] > 0 for s in seen[-3:]):
                look()
                time.sleep(0.05)
                if time.monotonic() - begin > PATIENCE:
                    raise RuntimeError("the state is still being converted")
            end = len(seen)
            look_for(after_s)
            run.end()
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()

        def pace(rows):
            return (rows[-1][1] - rows[0][1]) / (rows[-1][0] - rows[0][0])

        sweep = [s for s in seen[before:end] if s[2] > 0]
        calm = pace(seen[:before])
        print(json.dumps({"what": "another form of the state", "keys": keys, "rate": rate, "state_bytes": first["state_bytes"],
                          "most_bytes": max(s[3] for s in seen), "bytes_after": seen[-1][3], "pause_us": answer["pause_us"],
                          "sweep_s": round(sweep[-1][0] - sweep[0][0], 2) if sweep else 0, "rows_per_s_before": round(calm),
                          "rows_per_s_in_sweep": round(pace(sweep)) if len(sweep) > 1 else None,
                          "rows_per_s_after": round(pace(seen[end:])),
                          "ratio_in_sweep": round(pace(sweep) / calm, 3) if len(sweep) > 1 else None}), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def swap(args):
    if args.form_keys:
        for rate in (args.rate, 5 * args.rate, 0):
            measure_form(args.build, args.form_keys, rate, "10s", "7GiB")
    if args.only_form:
        return
    measure(args.build, 8_000, args.rate, args.swaps, 1.5, "1s", "1GiB")
    if args.large_keys:
        measure(args.build, args.large_keys, args.rate, max(1, args.swaps // 2), 1.5, "5s", "7GiB")
