#!/usr/bin/env python3
"""A version that gives the same results, exchanged while data flows: the output is that of a run that nobody touched."""
import glob
import json
import os
import pathlib
import threading
import unittest

from support_swap import AT_ONCE, PIPELINE, Running, SwapCase, held_back, plugin, weir


class Swap(SwapCase):
    def swapped(self, times, **how):
        file, out = self.told("swapped", **how)
        changes = []
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            for i in range(times):
                changes.append(self.change("swap", "swapped", "counts", "--plugin", plugin("v2" if i % 2 == 0 else "v1")))
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        for c in changes:
            self.assertEqual(c["state"], "committed", c)
        self.assertEqual([c["state"] for c in self.history("swapped")], ["committed"] * times)
        return done, out, changes

    def test_the_output_is_that_of_a_calm_run(self):
        done, out, changes = self.swapped(8)
        self.assertEqual(done.result["records_in"], self.EVENTS)
        self.assert_same(self.read(out), self.calm())
        print("pauses in us:", [c["pause_us"] for c in changes])

    def test_anew_at_a_cut(self):
        file, out = self.told("anew")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "anew", "counts", "--plugin", plugin("v2"), "--rebuild")
            self.assertEqual((change["state"], change["hot"]), ("committed", False))
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())

    def test_a_restart_runs_what_the_cut_was_made_by(self):
        file, out = self.told("restarted")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.change("swap", "restarted", "counts", "--plugin", plugin("v2"))
            self.assertEqual(running.drain().code, 0)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            status = weir("ps", "--json", env=self.env())
            self.assertIn("activity@2.0.0", status.out)
            done = running.finish()
        self.assertIn("the pipeline was changed while it ran", done.err)
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())

    def test_refused_with_the_stream_untouched(self):
        file, out = self.told("refused")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            for arguments, why in ((("nobody", "--plugin", plugin("v2")), "no operator \"nobody\""),
                                   (("counts", "--plugin", "/nowhere/libx.so"), "/nowhere/libx.so"),
                                   (("counts", "--plugin", "nexmark"), "counter"),
                                   (("counts", "--config", "quiet=nonsense"), "quiet"),
                                   (("counts", "--config", "quite=2s"), "quiet")):
                done = weir("swap", "refused", *arguments, env=self.env())
                self.assertNotEqual(done.code, 0, done)
                self.assertIn(why, done.err)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.history("refused"), [])
        self.assert_same(self.read(out), self.calm())


class Clock(threading.Thread):
    """Looks at the clock of every subtask for as long as the pipeline runs."""

    def __init__(self, pipeline, env):
        super().__init__(daemon=True)
        self.pipeline, self.env = pipeline, env
        self.ended = threading.Event()
        self.looks, self.moved, self.latest, self.gone, self.back = 0, 0, {}, set(), []

    def run(self):
        while not self.ended.is_set():
            for line in weir("ps", "--json", env=self.env).out.splitlines():
                status = json.loads(line)
                if status["pipeline"] == self.pipeline:
                    self.look(status.get("worker", {}).get("subtasks", []))
            self.ended.wait(0.05)

    def look(self, subtasks):
        self.looks += 1
        for s in subtasks:
            at, place = s.get("watermark_us"), (s["operator"], s["subtask"])
            before = self.latest.get(place)
            if at is None:  # it has not begun, or has come to the end: then for good
                if before is not None:
                    self.gone.add(place)
                continue
            if before is not None and (at < before or place in self.gone):
                self.back.append((place, before, at))
            self.moved += before is not None and at > before
            self.latest[place] = at

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


class Deterministic(SwapCase):
    """deterministic = true, and rows that come too late: the bytes and the late ones are those of the calm run."""
    TIMES = 20
    EVENTS = 600_000
    RATE = 8_000
    OUTPUTS = ("out", "windows", "late")

    @staticmethod
    def text():
        """Some bids are up to 0.5 s late, and 0.2 s are waited for."""
        text = PIPELINE.replace(", rate = RATE", ", out_of_order_us = 500_000, rate = RATE")
        text = held_back(text.replace('out_of_orderness = "0s"', 'out_of_orderness = "200ms"'))
        text = text.replace("[plugin]", 'deterministic_step = "200ms"\n[plugin]')
        text += """
[[operator]]
id = "windows"
uses = "window.tumbling"
from = ["counts"]
exchange = { kind = "hash", key = "bidder" }
config = { size = "1s", aggregates = ["count() AS rows", "max(total) AS most", "last(total) AS last"] }
parallelism = 2
"""
        for name, port in (("windows", "windows"), ("late", "windows:late")):
            text += f"""
[[sink]]
id = "{name}_out"
uses = "file.sink"
from = ["{port}"]
format = "json"
config = {{ path = "OUT/{name}-{{subtask}}-{{seq}}.jsonl" }}
parallelism = 2
"""
        return text

    def bytes_of(self, out):
        """What each subtask of each sink has written, its files one after the other."""
        told = {}
        for output in self.OUTPUTS:
            for subtask in range(2):
                files = glob.glob(os.path.join(out, f"{output}-{subtask}-*.jsonl"))
                files.sort(key=lambda p: int(os.path.basename(p)[:-6].split("-")[2]))
                told[output, subtask] = b"".join(pathlib.Path(f).read_bytes() for f in files)
        return told

    def assert_same_bytes(self, seen, expected):
        for place, text in expected.items():
            a, b = text.splitlines(), seen[place].splitlines()
            differs = next((n for n, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            self.assertTrue(seen[place] == text, f"{place}: {len(b)} rows instead of {len(a)}; row {differs} is {b[differs:differs + 1]}, "
                                                 f"not {a[differs:differs + 1]}")

    def test_the_bytes_the_late_rows_and_the_clock_are_those_of_a_calm_run(self):
        file, calm_out = self.told("calm", rate=AT_ONCE, deterministic=True, text=self.text())
        calm = self.run_well(file, env=self.env("state-calm"))
        expected = self.bytes_of(calm_out)
        self.assertGreater(calm["late"], 100, "too few rows are late to say something")
        for place, text in expected.items():
            self.assertGreater(text.count(b"\n"), 50, f"{place} has too little in it to say something")
        file, out = self.told("steady", rate=float(self.RATE), deterministic=True, text=self.text())
        changes = []
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            with Clock("steady", self.env()) as clock:
                for i in range(self.TIMES):
                    changes.append(self.change("swap", "steady", "counts", "--plugin", plugin("v2" if i % 2 == 0 else "v1")))
                self.let_go("steady")
                done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual([(c["state"], c["hot"]) for c in changes], [("committed", True)] * self.TIMES)
        self.assertEqual(clock.back, [], "clocks that went back: who, from, to")
        self.assertGreater(clock.looks, self.TIMES // 2)
        self.assertGreater(clock.moved, self.TIMES)
        self.assertEqual(done.err.count('"msg":"worker started"'), 1)
        self.assertEqual((done.result["records_in"], done.result["late"]), (calm["records_in"], calm["late"]))
        self.assert_same_bytes(self.bytes_of(out), expected)
        print(f"late: {calm['late']}; looks at the clocks: {clock.looks}, moved {clock.moved} times; pauses in us:", [c["pause_us"] for c in changes])


if __name__ == "__main__":
    unittest.main(verbosity=2)
