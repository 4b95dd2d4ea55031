#!/usr/bin/env python3
"""A new version that is wrong: the old one serves again by itself, and nobody has seen a row of the new one."""
import os
import time
import unittest

from support_swap import PIPELINE, Running, SwapCase, plugin, weir


class BadVersion(SwapCase):
    # Long enough that each defect shows before the next checkpoint.
    PROBATION = "20s"

    def bad(self, name, why, swap="", *more):
        file, out = self.told(name, swap=swap, text=self.text())
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            began = time.monotonic()
            change = self.change("swap", name, "counts", "--plugin", plugin(name), "--probation", self.PROBATION, *more, code=1)
            took = time.monotonic() - began
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(change["state"], "rolled back", change)
        self.assertIn(why, change["why"])
        seen = self.read(out)
        self.assertEqual([line for line in seen if '"made_by":3' in line], [], "rows of the bad version that were ever visible")
        self.assert_same(seen, self.calm())
        self.assertEqual(done.result["records_in"], self.EVENTS)
        print(f"{name}: back in {change['back_us']} us, after {took:.1f} s")
        return change, done

    @staticmethod
    def text():
        return PIPELINE + '\n[limits]\nhang_timeout = "2s"\n'

    def test_that_throws_at_once(self):
        self.bad("throws_at_once", "made to throw at once")

    def test_that_throws_at_its_10000th_record(self):
        self.bad("throws_later", "made to throw at the 10,000th record")

    def test_that_ends_the_process(self):
        for name, why in (("segfaults", "segmentation fault"), ("aborts", "abort")):
            with self.subTest(name):
                change, _ = self.bad(name, why)
                self.assertIn("activity 3.0.0", change["why"])
                self.assertIn("counts", change["why"])

    def test_that_hangs(self):
        change, _ = self.bad("hangs", "activity 3.0.0")
        self.assertIn("counts", change["why"])

    def test_that_fails_in_create(self):
        file, out = self.told("create", text=self.text())
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "create", "counts", "--plugin", plugin("fails_in_create"), code=1)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertIn(change["state"], ("given up", "rolled back"))
        self.assertIn("made to fail in create", change["why"])
        self.assert_same(self.read(out), self.calm())

    def test_that_gives_out_what_an_invariant_catches(self):
        self.bad("garbage", "invariant", 'invariant = ["wrong"]')

    def test_that_is_slow(self):
        self.bad("slow", "slower", "max_slowdown = 10.0")

    def test_that_leaks(self):
        self.bad("leaks", "memory", 'max_memory_growth = "300MiB"')

    def test_that_is_refused_with_the_stream_untouched(self):
        """Other columns than those that are read; a crash and an exit when it is loaded or checked; a hang."""
        file, out = self.told("refused", text=self.text())
        zoo = os.path.join(os.environ["WEIR_BINARY_DIR"], "lib", "weir", "bad_plugins")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            for path, why in ((plugin("other_columns"), "total"), (plugin("fails_in_destroy"), "crashes"),
                              (os.path.join(zoo, "libcrash_in_constructor.so"), "crashes"), (os.path.join(zoo, "libexit_in_constructor.so"), ""),
                              (os.path.join(zoo, "libgnu_unique.so"), "UNIQUE"), (os.path.join(zoo, "libno_entry.so"), "weir_plugin_v1")):
                done = weir("swap", "refused", "counts", "--plugin", path, env=self.env())
                self.assertNotEqual(done.code, 0, done)
                self.assertIn(why, done.err)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.err.count('"msg":"worker started"'), 1, "no worker has died of it")
        self.assert_same(self.read(out), self.calm())

    def test_that_is_taken_back_by_hand(self):
        file, out = self.told("by_hand", text=self.text())
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            change = self.change("swap", "by_hand", "counts", "--plugin", plugin("v2"), "--probation", self.PROBATION, "--no-wait")
            self.assertEqual(change["state"], "on probation")
            change = self.change("rollback", "by_hand")
            self.assertEqual(change["state"], "rolled back")
            self.assert_runs("activity@1.0.0")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())

    def test_a_committed_one_goes_back_as_a_change_of_its_own(self):
        file, out = self.told("later", text=self.text())
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.change("swap", "later", "counts", "--plugin", plugin("v2"))
            change = self.change("rollback", "later")
            self.assertEqual((change["what"], change["state"]), ("rollback", "committed"))
            self.assert_runs("activity@1.0.0")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())


if __name__ == "__main__":
    unittest.main(verbosity=2)
