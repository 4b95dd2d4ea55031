#!/usr/bin/env python3
"""A version that takes over bit by bit: a share of the keys first, in order per key, and all of it back when it is wrong."""
import collections
import json
import os
import signal
import unittest

from support_swap import AT_ONCE, PIPELINE, Running, SwapCase, held_back, plugin, weir
import swap_test


def unmarked(lines):
    """Versions that are right: who made a row does not count."""
    return [line.replace('"made_by":2', '"made_by":0').replace('"made_by":3', '"made_by":0') for line in lines]


class CanaryCase(SwapCase):
    EVENTS = 100_000

    def told(self, name, text=PIPELINE, rate=25_000.0, **how):
        return super().told(name, text=held_back(text), rate=rate, **how)

    def calm(self):
        return super().calm(rate=AT_ONCE)

    def makers(self, lines):
        """By key, who made its rows, in their order: each version once."""
        out = collections.defaultdict(list)
        for line in lines:
            row = json.loads(line)
            if out[row["bidder"]][-1:] != [row["made_by"]]:
                out[row["bidder"]].append(row["made_by"])
        return out

    def assert_no_key_went_back(self, lines):
        odd = {key: by for key, by in self.makers(lines).items() if tuple(by) not in ((0,), (0, 2), (2,))}
        self.assertEqual(odd, {}, "keys that came back to the old version, though nobody took it back")

    def share_of_keys(self, out, subtask):
        """Of the keys that had a row while both versions served, those that the new one served."""
        lines = [json.loads(line) for line in self.read(out, subtask)]
        begin = next(i for i, row in enumerate(lines) if row["made_by"] == 2)
        last = {row["bidder"]: row["made_by"] for row in lines[begin:]}
        return sum(by == 2 for by in last.values()) / len(last)

    def canary(self, pipeline, version, *more, code=0):
        return self.change("swap", pipeline, "counts", "--plugin", plugin(version), *more, code=code)


class Canary(CanaryCase):
    def test_a_share_of_the_keys_until_the_end(self):
        file, out = self.told("share")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.canary("share", "marks", "--canary", "25%", "--step", "1h", "--no-wait")
            self.assertEqual((change["state"], change["shares"], change["step"]), ("on probation", ["25%", "100%"], 1), change)
            running.wait_until(lambda: self.worker("share").get("canary", {"new": {"records_in": 0}})["new"]["records_in"] > 1000, "rows of the canary")
            told = self.worker("share")["canary"]
            self.assertEqual((told["operator"], told["plugin"], told["share"], told["step"], told["steps"]), ("counts", "activity@2.0.0", "25%", 1, 2))
            self.assertGreater(told["old"]["records_in"], told["new"]["records_in"])
            self.assertIn("still on probation", weir("swap", "share", "counts", "--plugin", plugin("v2"), env=self.env()).err)
            self.assertEqual(running.drain().code, 0)
        seen = self.read(out)
        self.assert_no_key_went_back(seen)
        for subtask in range(2):
            part = self.share_of_keys(out, subtask)
            self.assertTrue(0.15 < part < 0.35, part)
        change = self.history("share")[-1]
        self.assertEqual((change["state"], change["step"]), ("rolled back", 1), change)
        self.assertIn("ended before the new version served everything", change["why"])
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            self.assert_runs("activity@1.0.0")
            self.let_go("share")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(unmarked(self.read(out)), self.calm())

    def test_step_by_step_until_it_serves_everything(self):
        file, out = self.told("ramp", swap='canary = "5%, 50%"')
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.canary("ramp", "marks", "--step", "2")
            self.assertEqual((change["state"], change["hot"], change["shares"], change["step"]), ("committed", True, ["5%", "50%", "100%"], 3), change)
            self.assert_runs("activity@2.0.0")
            self.let_go("ramp")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        seen = self.read(out)
        self.assert_same(unmarked(seen), self.calm())
        self.assert_no_key_went_back(seen)
        with open(os.path.join(self.path("state"), "ramp", "history.jsonl"), encoding="utf-8") as f:
            steps = [c["step"] for c in map(json.loads, filter(str.strip, f)) if c["change"] == 1 and c["state"] == "on probation"]
        self.assertEqual(steps, [1, 2, 3], "each step is in the audit record")
        print("pause in us:", change["pause_us"])

    def test_taken_back_by_hand_in_the_middle(self):
        file, out = self.told("by_hand")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.canary("by_hand", "marks", "--canary", "50%", "--step", "1h", "--no-wait")
            running.wait_until(lambda: '"made_by":2' in "".join(self.read(out)), "committed rows of the new version")
            change = self.change("rollback", "by_hand")
            self.assertEqual((change["state"], change["step"]), ("rolled back", 1), change)
            self.assertGreaterEqual(change["back_cut"], change["cut"])
            self.assertNotIn("canary", self.worker("by_hand"))
            self.assert_runs("activity@1.0.0")
            self.assertIn("from cut", weir("history", "by_hand", env=self.env()).out)
            self.let_go("by_hand")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(unmarked(self.read(out)), self.calm())

    def test_a_worker_that_dies_in_the_middle(self):
        file, out = self.told("dies")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.canary("dies", "marks", "--canary", "50%", "--step", "1h", "--no-wait")
            running.wait_until(lambda: '"made_by":2' in "".join(self.read(out)), "committed rows of the new version")
            worker = self.worker("dies")["process"]
            os.kill(worker, signal.SIGKILL)
            running.wait_until(lambda: self.worker("dies").get("process", worker) != worker, "another worker")
            self.assert_runs("activity@1.0.0")
            self.assertEqual(self.history("dies")[-1]["state"], "rolled back")
            self.let_go("dies")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(unmarked(self.read(out)), self.calm())

    def test_refused_with_the_stream_untouched(self):
        file, out = self.told("refused")
        two = ("counts", "wrong", "--config", "quiet=2s")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            for arguments, why in ((("counts", "--plugin", plugin("state_1")), "tally in another form: swap it at once"),
                                   (("nexmark", "--config", "rate=50000.0"), "nexmark"),
                                   (("out", "--config", f"path={out}/x-{{subtask}}-{{seq}}.jsonl"), "out"),
                                   (("counts", "--plugin", plugin("v2"), "--rebuild"), "--rebuild"),
                                   (("counts", "--plugin", plugin("v2"), "--step", "soon"), "a step is a time"),
                                   (("counts", "--plugin", plugin("v2"), "--canary", "5"), "not \"5\""),
                                   (("counts", "--plugin", plugin("v2"), "--canary", "50%,20%"), "not \"20%\""),
                                   (("counts", "--plugin", plugin("v2"), "--canary", "none", "--step", "2"), "--step is how long")):
                with self.subTest(arguments):
                    done = weir("swap", "refused", *(arguments if "--canary" in arguments else (*arguments, "--canary", "10%")), env=self.env())
                    self.assertNotEqual(done.code, 0, done)
                    self.assertIn(why, done.err)
            self.assertEqual(self.history("refused"), [])
            self.let_go("refused")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())


class WithoutState(CanaryCase):
    """And an operator that works between rows: windows, whose name spaces both versions share."""

    def test_batches_in_turn_and_windows_by_key(self):
        text = PIPELINE + """
[[operator]]
id = "windows"
uses = "window.tumbling"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "bidder" }
config = { size = "200ms", aggregates = ["count() AS rows", "max(price) AS most", "last(price) AS last"] }
parallelism = 2
[[sink]]
id = "windows_out"
uses = "file.sink"
from = ["windows"]
format = "json"
config = { path = "OUT/windows-{subtask}-{seq}.jsonl" }
parallelism = 2
"""
        copy = self.path("another_window.so")
        with open(os.path.join(os.environ["WEIR_BINARY_DIR"], "lib", "weir", "plugins", "libweir_window.so"), "rb") as f:
            image = f.read()
        with open(copy, "wb") as f:
            f.write(image + b"\0")
        file, calm_out = self.told("windows-calm", text=text, rate=AT_ONCE)
        self.run_well(file, env=self.env("state-calm"))
        file, out = self.told("windows", text=text)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.change("swap", "windows", "wrong", "--config", "where=total < -1", "--canary", "30%", "--step", "1h", "--no-wait")
            running.wait_until(lambda: self.worker("windows").get("canary", {"old": {"records_in": 0}})["old"]["records_in"] > 10_000, "rows of the filter")
            told = self.worker("windows")["canary"]
            part = told["new"]["records_in"] / (told["new"]["records_in"] + told["old"]["records_in"])
            self.assertTrue(0.2 < part < 0.4, part)
            self.change("rollback", "windows")
            change = self.change("swap", "windows", "windows", "--plugin", copy, "--canary", "40%", "--step", "1h", "--no-wait")
            self.assertEqual(change["state"], "on probation")
            running.wait_until(lambda: self.worker("windows").get("canary", {"new": {"records_out": 0}})["new"]["records_out"] > 100, "windows of the new version")
            self.assertGreater(self.worker("windows")["canary"]["old"]["records_out"], 100)
            # What both have saved beside the keyed state is given back to one instance: when it is taken back, and in the last step.
            self.assertEqual(self.change("rollback", "windows")["state"], "rolled back")
            change = self.change("swap", "windows", "windows", "--plugin", copy, "--canary", "30%,70%")
            self.assertEqual((change["state"], change["step"]), ("committed", 3), change)
            self.let_go("windows")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.read(calm_out))
        lines = self.read(out, name="windows")
        self.assertGreater(len(lines), 1000)
        self.assert_same(lines, self.read(calm_out, name="windows"))


class DeterministicCanary(swap_test.Deterministic, CanaryCase):
    EVENTS = 120_000
    told = SwapCase.told
    test_the_bytes_the_late_rows_and_the_clock_are_those_of_a_calm_run = None

    def test_the_bytes_are_those_of_a_calm_run(self):
        file, calm_out = self.told("calm", rate=AT_ONCE, deterministic=True, text=self.text())
        calm = self.run_well(file, env=self.env("state-calm"))
        expected = self.bytes_of(calm_out)
        file, out = self.told("steady", rate=8_000.0, deterministic=True, text=self.text())
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            refused = weir("swap", "steady", "windows", "--config", "size=2s", "--canary", "10%", env=self.env())
            self.assertIn("one order only when one instance gives it out", refused.err)
            change = self.canary("steady", "v2", "--canary", "20%,60%", "--step", "2")
            self.assertEqual((change["state"], change["step"]), ("committed", 3), change)
            self.canary("steady", "v1", "--canary", "40%", "--step", "1h", "--no-wait")
            running.wait_until(lambda: self.worker("steady").get("canary", {"new": {"records_in": 0}})["new"]["records_in"] > 2000, "rows of the canary")
            self.assertEqual(self.change("rollback", "steady")["state"], "rolled back")
            self.let_go("steady")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual((done.result["records_in"], done.result["late"]), (calm["records_in"], calm["late"]))
        self.assert_same_bytes(self.bytes_of(out), expected)


class BadCanary(CanaryCase):
    """The old version serves everything again by itself; of the new one only rows are visible whose cut was complete."""
    EVENTS = 120_000

    def bad(self, version, why, *more, swap="", seen_is_right=True):
        file, out = self.told(version, swap=swap, rate=30_000.0)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.canary(version, version, *more, code=1)
            self.assert_runs("activity@1.0.0")
            self.let_go(version)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(change["state"], "rolled back", change)
        self.assertIn(why, change["why"])
        seen = self.read(out)
        self.assert_same(unmarked(seen) if seen_is_right else seen, self.calm())
        made = sum('"made_by":3' in line for line in seen)
        print(f"{version}: back in {change['back_us']} us from cut {change.get('back_cut')}, step {change['step']} at cut {change['cut']}; visible rows of it: {made}")
        return change, made

    def test_that_throws_at_once(self):
        change, made = self.bad("throws_at_once", "made to throw at once", "--canary", "5%")
        self.assertEqual((change["step"], made), (1, 0), change)
        self.assertGreater(change["back_cut"], 0)

    def test_that_throws_at_the_10000th_record_of_its_share(self):
        change, made = self.bad("throws_later", "made to throw at the 10,000th record", "--canary", "80%", "--step", "1h")
        self.assertGreater(change["back_cut"], change["cut"], "cuts were complete while it served its share")
        self.assertGreater(made, 0)

    def test_that_throws_later_and_nothing_of_it_was_shown(self):
        _, made = self.bad("throws_later", "made to throw at the 10,000th record", "--canary", "80%", "--probation", "20s")
        self.assertEqual(made, 0)

    def test_that_ends_the_process(self):
        change, made = self.bad("segfaults", "segmentation fault", "--canary", "5%")
        self.assertIn("activity 3.0.0", change["why"])
        self.assertEqual(change["step"], 1)
        self.assertGreater(change["back_cut"], 0)
        self.assertEqual(made, 0)

    def test_that_gives_out_what_an_invariant_catches(self):
        _, made = self.bad("garbage", "invariant", "--canary", "5%", "--probation", "20s", swap='invariant = ["wrong"]', seen_is_right=False)
        self.assertEqual(made, 0)

    def test_that_is_slow(self):
        _, made = self.bad("slow", "slower", "--canary", "10%", "--probation", "20s", swap="max_slowdown = 10.0")
        self.assertEqual(made, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
