#!/usr/bin/env python3
"""A version that gives the same results, exchanged while data flows: the output is that of a run that nobody touched."""
import unittest

from support_swap import Running, SwapCase, plugin, weir


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


if __name__ == "__main__":
    unittest.main(verbosity=2)
