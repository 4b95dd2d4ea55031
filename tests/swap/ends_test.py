#!/usr/bin/env python3
"""Both ends of a pipeline exchanged while rows flow: sources go on where they stood, sinks begin behind what the ones before complete."""
import collections
import json
import os
import shutil
import unittest

from support_swap import PLUGINS, Running, SwapCase, weir

COUNT = 40_000  # of each of two splits
PIPELINE = """
format = 1
name = "NAME"
[plugin]
ticks = { path = "TICKS" }
file = { path = "FILE" }
[checkpoint]
interval = "100ms"
[restart]
initial_backoff = "10ms"
[[source]]
id = "ticks"
uses = "ticks.source"
config = { count = COUNT, rate = RATE }
parallelism = PARALLELISM
[[sink]]
id = "out"
uses = "file.sink"
from = ["ticks"]
format = "json"
config = { path = "OUT/out-{subtask}-{seq}.jsonl" }
parallelism = PARALLELISM
"""


def ticks(name):
    return os.path.join(PLUGINS, f"ticks_{name}.so")


class Ends(SwapCase):
    RATE = 2_000.0

    def pipeline(self, name, parallelism=2):
        out = self.path(name)
        os.makedirs(out, exist_ok=True)
        text = PIPELINE
        for key, value in {"NAME": name, "TICKS": ticks("v1"), "FILE": self.file_plugin(0), "COUNT": str(COUNT), "RATE": str(self.RATE),
                           "PARALLELISM": str(parallelism), "OUT": out}.items():
            text = text.replace(key, value)
        return self.write(f"{name}.toml", text), out

    def file_plugin(self, number):
        """The plugin of files, each number another build of it."""
        there = os.path.join(os.environ["WEIR_BINARY_DIR"], "lib", "weir", "plugins", "libweir_file.so")
        if number == 0:
            return there
        path = self.path(f"file_{number}.so")
        shutil.copyfile(there, path)
        with open(path, "ab") as f:
            f.write(bytes([number]))
        return path

    def swap(self, name, operator, plugin, *more, code=0):
        return self.change("swap", name, operator, "--plugin", plugin, *more, code=code)

    def let_go_of(self, name):
        change = self.change("swap", name, "ticks", "--config", "rate=10000000.0")
        self.assertEqual(change["state"], "committed", change)

    def drained(self, running, name):
        """All has been read; ticks waits for more splits for ever, so it is told to end."""
        running.wait_until(lambda: sum(s["records_out"] for s in self.subtasks(name, "ticks")) >= 2 * COUNT, "all is read")
        done = running.drain()
        self.assertEqual(done.code, 0, done)
        return done

    def assert_all_once(self, out):
        rows = [json.loads(line) for line in self.read(out)]
        self.assertEqual([r for r in rows if r["made_by"] == 3], [], "rows of a wrong version that were ever visible")
        seen = collections.defaultdict(list)
        for r in rows:
            seen[r["split"]].append(r["n"])
        for split in range(2):
            self.assertEqual(len(seen[split]), COUNT)
            self.assertEqual(seen[split], list(range(COUNT)), "nothing lost, nothing twice, in order")

    def test_a_source_goes_on_where_it_stood(self):
        for parallelism in (2, 1):
            with self.subTest(parallelism=parallelism):
                name = f"source{parallelism}"
                file, out = self.pipeline(name, parallelism)
                with Running("run", file, "--json", env=self.env()) as running:
                    running.wait_for('"msg":"cut is complete"')
                    changes = [self.swap(name, "ticks", ticks("v2" if i % 2 == 0 else "v1")) for i in range(5)]
                    self.assert_runs("ticks@2.0.0")
                    self.let_go_of(name)
                    self.drained(running, name)
                self.assertEqual([(c["state"], c["hot"]) for c in changes], [("committed", True)] * 5, changes)
                print("pauses in us:", [c["pause_us"] for c in changes])
                self.assert_all_once(out)

    def test_a_wrong_source_is_taken_back_and_nobody_has_seen_its_rows(self):
        file, out = self.pipeline("wrong")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            for version, why in (("throws_later", "made to throw"), ("segfaults", "segmentation fault")):
                change = self.swap("wrong", "ticks", ticks(version), "--probation", "20s", code=1)
                self.assertEqual(change["state"], "rolled back", change)
                self.assertIn(why, change["why"])
            self.assert_runs("ticks@1.0.0")
            self.let_go_of("wrong")
            self.drained(running, "wrong")
        self.assert_all_once(out)

    def test_a_source_that_cannot_be_beside_the_old_one_is_exchanged_at_a_cut_or_not_at_all(self):
        file, out = self.pipeline("beside")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.swap("beside", "ticks", ticks("fails_in_create"), code=1)
            self.assertEqual((change["state"], change["hot"]), ("rolled back", False), change)
            self.assertIn("made to find nobody", change["why"])
            self.let_go_of("beside")
            done = self.drained(running, "beside")
        self.assertIn("its instances cannot be exchanged while it flows", done.err)
        self.assert_all_once(out)

    def test_a_source_that_names_other_splits_is_not_hot(self):
        file, out = self.pipeline("other")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.swap("other", "ticks", ticks("other_splits"), "--no-wait")
            self.assertFalse(change["hot"])
            running.wait_for("is being read, and the new version does not name it")
            self.assertEqual(self.change("rollback", "other")["state"] in ("rolled back", "committed"), True)
            done = running.drain()
        self.assertEqual(done.code, 0, done)

    def test_a_sink_begins_behind_what_the_one_before_completes(self):
        file, out = self.pipeline("sink")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            with open(file, encoding="utf-8") as f:
                edited = self.write("edited.toml", f.read().replace(self.file_plugin(0), self.file_plugin(1)))
            plan = json.loads(weir("plan", edited, "--json", env=self.env()).out)
            self.assertEqual([(n["id"], n["how"], n["state"]) for n in plan["nodes"]], [("out", "hot", "handed over")])
            changes = [self.swap("sink", "out", self.file_plugin(1 + i)) for i in range(5)]
            self.assertEqual([(c["state"], c["hot"]) for c in changes], [("committed", True)] * 5, changes)
            change = self.swap("sink", "out", self.file_plugin(9), "--probation", "20s", "--no-wait")
            self.assertEqual((change["state"], change["hot"]), ("on probation", True), change)
            self.assertEqual(self.change("rollback", "sink")["state"], "rolled back")
            self.let_go_of("sink")
            self.drained(running, "sink")
        print("pauses in us:", [c["pause_us"] for c in changes])
        self.assert_all_once(out)

    def test_a_sink_that_cannot_hand_over_is_exchanged_at_a_cut(self):
        file, out = self.pipeline("one")
        with open(file, encoding="utf-8") as f:
            text = f.read().replace('{seq}.jsonl"', '{seq}.jsonl", delivery = "at-least-once"')
        self.write("one.toml", text)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            edited = self.write("edited.toml", text.replace(self.file_plugin(0), self.file_plugin(1)))
            plan = json.loads(weir("plan", edited, "--json", env=self.env()).out)
            self.assertEqual([(n["id"], n["how"], n["state"]) for n in plan["nodes"]], [("out", "at a cut", "complete at the cut")])
            change = self.swap("one", "out", self.file_plugin(1))
            self.assertEqual((change["state"], change["hot"]), ("committed", False), change)
            self.let_go_of("one")
            self.drained(running, "one")
        self.assert_all_once(out)

    def test_one_file_goes_on_over_a_change_at_a_cut(self):
        file, out = self.pipeline("one")
        with open(file, encoding="utf-8") as f:
            self.write("one.toml", f.read().replace("-{seq}.jsonl", "-0.jsonl"))
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            for number in (1, 2):
                change = self.swap("one", "out", self.file_plugin(number))
                self.assertEqual((change["state"], change["hot"]), ("committed", False), change)
            self.assertEqual(self.read(out), [], "it has its name when the input ends")
            self.let_go_of("one")
            self.drained(running, "one")
        self.assert_all_once(out)

    def test_a_sink_that_goes_has_lost_nothing(self):
        file, out = self.pipeline("gone")
        with open(file, encoding="utf-8") as f:
            text = f.read()
        self.write("gone.toml", text + f"""
[[sink]]
id = "second"
uses = "file.sink"
from = ["ticks"]
format = "json"
config = {{ path = "{out}/second-{{subtask}}-{{seq}}.jsonl" }}
parallelism = 2
""")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.write("gone.toml", text)
            change = self.change("apply", file)
            self.assertEqual((change["state"], change["hot"]), ("committed", False), change)
            self.let_go_of("gone")
            self.drained(running, "gone")
        self.assert_all_once(out)
        self.assertEqual([f for f in os.listdir(out) if f.startswith(".")], [], "nothing of the sink that went is left unfinished")


if __name__ == "__main__":
    unittest.main(verbosity=2)
