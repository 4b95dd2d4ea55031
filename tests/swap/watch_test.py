#!/usr/bin/env python3
"""`weir run --watch`: an edit of the file is applied; one that is wrong is told, and changes nothing."""
import os
import unittest

from support_swap import Running, SwapCase, children, kill, plugin, wait_for, weir


class Watch(SwapCase):
    EVENTS = 1_500_000

    def write_over(self, file, text):
        """As editors do: the new file takes the place of the old one."""
        with open(file + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(file + ".new", file)

    def test_edits_are_applied(self):
        file, out = self.told("watched", rate=50_000)
        with open(file, encoding="utf-8") as f:
            text = f.read()
        with Running("run", file, "--watch", "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            self.write_over(file, text.replace('quiet = "1s"', 'quite = "1s"'))
            running.wait_for("the edited file is not applied")
            self.assertEqual(self.history("watched"), [])
            self.write_over(file, text.replace(plugin("v1"), plugin("v2")))
            wait_for(lambda: [c["state"] for c in self.history("watched")] == ["committed"], "the edit's change")
            self.assertEqual(self.history("watched")[0]["by"], "weir run --watch")
            self.assert_runs("activity@2.0.0")
            # The next worker of the run goes on as edited, though the run began with another text.
            kill(children(running.process.pid)[0])
            wait_for(lambda: running.err().count('"msg":"pipeline runs"') == 2, "the next worker")
            self.assert_runs("activity@2.0.0")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertIn('unknown option', done.err)
        self.assertEqual([c["state"] for c in self.history("watched")], ["committed"])
        self.assert_same(self.read(out), self.calm())

    def test_without_checkpoints_it_is_refused(self):
        file, _ = self.told("none", text=self.without_checkpoints())
        done = weir("run", file, "--watch", env=self.env())
        self.assertEqual(done.code, 78, done)
        self.assertIn("[checkpoint]", done.err)

    @staticmethod
    def without_checkpoints():
        from support_swap import PIPELINE
        return PIPELINE.replace('[checkpoint]\ninterval = "INTERVAL"\n', "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
