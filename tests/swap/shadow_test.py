#!/usr/bin/env python3
"""A version beside the one that serves: every difference of its output is named, and nothing of it is ever seen."""
import json
import os
import unittest

from support_swap import Running, SwapCase, plugin, weir


def altered(row):
    """The rows that the build `alters` makes other: as plugin/activity.cpp says it."""
    return not row["closed"] and (row["bidder"] * 31 + row["bids"] * 17 + row["total"]) % 10_000 == 0


class Shadow(SwapCase):
    EVENTS = 800_000
    RATE = 100_000
    SLOW = 40_000  # the same rows: time for many commands on a machine that others use

    def shadow(self, *arguments, code=0):
        done = weir("shadow", *arguments, "--json", env=self.env())
        self.assertEqual(done.code, code, done)
        return json.loads(done.out)

    def beside(self, name, version, *more):
        """A whole run with a shadow: its last report, and what the pipeline wrote."""
        file, out = self.told(name)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            begun = self.shadow(name, "counts", "--plugin", plugin(version), *more)
            self.assertIn(begun["state"], ("copying", "comparing", "failed"), begun)
            status = [json.loads(line) for line in weir("ps", "--json", env=self.env()).out.splitlines()]
            self.assertEqual([s["worker"]["shadow"]["operator"] for s in status if s["pipeline"] == name], ["counts"], status)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.result["records_in"], self.EVENTS)
        report = weir("shadow", name, "counts", "--report", "--json", env=self.env())
        self.assert_same(self.read(out), self.calm())
        self.assertEqual(self.history(name), [])
        return report.code, json.loads(report.out), out

    def rows_of(self, out, subtask, newest):
        """The newest rows of one subtask, in the order that the operator gave them out."""
        rows = [json.loads(line) for line in self.read_subtask(out, subtask)]
        return rows[len(rows) - newest:]

    def read_subtask(self, out, subtask):
        lines = []
        for name in sorted(os.listdir(out)):
            if name.startswith(f"out-{subtask}-") and name.endswith(".jsonl"):
                with open(os.path.join(out, name), encoding="utf-8") as file:
                    lines += file.read().splitlines()
        return lines

    def test_an_equal_version_differs_nowhere(self):
        code, report, _ = self.beside("equal", "v2")
        rows = report["rows"]
        self.assertEqual(code, 0, report)
        self.assertGreaterEqual(rows["compared"], 300_000)
        self.assertEqual((rows["equal"], rows["different"], rows["missing"], rows["extra"]), (rows["compared"], 0, 0, 0), report)
        self.assertEqual(report["examples"], [])
        self.assertEqual(report["state"], "ended")
        print(f"equal: {rows['compared']} rows, pause {report['pause_us']} us")

    def test_the_rows_that_are_altered_are_named(self):
        code, report, out = self.beside("altered", "alters")
        self.assertEqual(code, 1)
        expected = [(s, r["bidder"], r["bids"], r["total"]) for s, of in enumerate(report["subtasks"])
                    for r in self.rows_of(out, s, of["compared"]) if altered(r)]
        rows = report["rows"]
        self.assertGreater(len(expected), 10)
        self.assertEqual((rows["different"], rows["missing"], rows["extra"]), (len(expected), 0, 0), report["rows"])
        self.assertGreaterEqual(rows["compared"], 300_000)
        self.assertEqual(len(report["examples"]), min(100, len(expected)))
        named = []
        for e in report["examples"]:
            self.assertEqual((e["what"], e["fields"], e["key"]), ("different", ["total"], {"bidder": e["old"]["bidder"]}), e)
            self.assertEqual(e["new"]["total"], e["old"]["total"] + 1)
            self.assertEqual(e["input"]["split"].split("/")[0], "nexmark")
            self.assertGreaterEqual(e["input"]["first_offset"], 0)
            named.append((e["subtask"], e["old"]["bidder"], e["old"]["bids"], e["old"]["total"]))
        if len(expected) <= 100:
            self.assertEqual(sorted(named), sorted(expected))
        else:
            self.assertLessEqual(set(named), set(expected))
        print(f"altered: {rows['different']} of {rows['compared']} rows, pause {report['pause_us']} us")

    def test_what_may_differ_is_no_difference(self):
        code, report, _ = self.beside("tolerated", "alters", "--tolerance", "total=1")
        self.assertEqual((code, report["rows"]["different"]), (0, 0), report["rows"])

    def test_its_failure_is_its_own(self):
        for version, why in (("throws_at_once", "made to throw at once"), ("throws_later", "made to throw at the 10,000th record")):
            with self.subTest(version):
                code, report, _ = self.beside(version, version, "--ignore", "made_by")
                self.assertEqual((code, report["state"]), (1, "failed"), report)
                self.assertIn(why, report["why"])
                self.assertEqual(report["rows"]["different"], 0)

    def test_its_crash_ends_the_worker_and_is_told(self):
        file, out = self.told("crashes")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            weir("shadow", "crashes", "counts", "--plugin", plugin("segfaults"), env=self.env())
            running.wait_for("segmentation fault")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        report = self.shadow("crashes", "counts", "--report", code=1)
        self.assertEqual(report["state"], "gone", report)
        self.assertIn("activity 3.0.0", report["why"])
        self.assert_same(self.read(out), self.calm())

    def test_promoted(self):
        file, out = self.told("promoted", rate=self.SLOW)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.shadow("promoted", "counts", "--plugin", plugin("v2"))
            # A change elsewhere does not touch it.
            change = self.change("swap", "promoted", "wrong", "--config", "where=total < -1")
            self.assertEqual((change["state"], change["hot"]), ("committed", True), change)
            self.assertIn(self.shadow("promoted", "counts", "--report")["state"], ("copying", "comparing"))
            change = json.loads(weir("shadow", "promoted", "counts", "--promote", "--json", env=self.env()).out)
            self.assertEqual((change["what"], change["state"], change["hot"]), ("promote", "committed", True), change)
            self.assert_runs("activity@2.0.0")
            report = self.shadow("promoted", "counts", "--report")
            self.assertEqual(report["state"], "promoted", report)
            self.assertEqual(report["rows"]["different"] + report["rows"]["missing"] + report["rows"]["extra"], 0, report["rows"])
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())

    def test_dropped_and_another_one(self):
        file, out = self.told("dropped", rate=self.SLOW)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.shadow("dropped", "counts", "--plugin", plugin("alters"))
            done = weir("shadow", "dropped", "counts", "--plugin", plugin("v2"), env=self.env())
            self.assertIn("already", done.err, "one at a time")
            self.assertEqual(self.shadow("dropped", "counts", "--drop")["state"], "dropped")
            self.assertIn("no shadow", weir("shadow", "dropped", "counts", "--drop", env=self.env()).err)
            self.assertIn(self.shadow("dropped", "counts", "--plugin", plugin("v2"))["state"], ("copying", "comparing"))
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        report = self.shadow("dropped", "counts", "--report")
        self.assertEqual((report["state"], report["rows"]["different"]), ("ended", 0), report)
        self.assert_same(self.read(out), self.calm())

    def test_refused(self):
        file, out = self.told("refused", rate=self.SLOW)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            for arguments, why in ((("nobody", "--plugin", plugin("v2")), "no operator"),
                                   (("counts", "--plugin", plugin("v1")), "nothing to compare"),
                                   (("counts", "--plugin", plugin("other_columns")), "total"),
                                   (("counts", "--plugin", plugin("v2"), "--ignore", "totl"), "total"),
                                   (("counts", "--plugin", plugin("v2"), "--tolerance", "total=much"), "much"),
                                   (("counts", "--report"), "no shadow"), (("counts",), "which version")):
                done = weir("shadow", "refused", *arguments, env=self.env())
                self.assertNotEqual(done.code, 0, done)
                self.assertIn(why, done.err)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())


if __name__ == "__main__":
    unittest.main(verbosity=2)
