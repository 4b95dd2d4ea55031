#!/usr/bin/env python3
"""An edited file, applied while data flows: what comes out is what a run of the old file until the cut and of the new one from there gives."""
import collections
import json
import unittest

from support_swap import AT_ONCE, PIPELINE, Running, SwapCase, held_back, plugin, weir


class Apply(SwapCase):
    def edited(self, name, edit, **how):
        """The file of a pipeline, rewritten."""
        file, out = self.told(name, **how)
        with open(file, encoding="utf-8") as f:
            text = f.read()
        changed = edit(text)
        self.assertNotEqual(changed, text)
        with open(file, "w", encoding="utf-8") as f:
            f.write(changed)
        return file, out

    def test_an_edit_that_changes_no_result(self):
        """Parallelism, the plugin's version, a setting, an operator more: the rows are those of a calm run."""
        text = held_back(PIPELINE) + '[limits]\nqueue_bytes = "128KiB"\n'
        calm, calm_out = self.told("calm", rate=AT_ONCE, text=text)
        self.run_well(calm, env=self.env("state-calm"))
        file, out = self.told("edited", rate=8_000.0, text=text)
        edits = [
            lambda t: t.replace('config = { quiet = "1s" }\nparallelism = 2', 'config = { quiet = "1s" }\nparallelism = 4'),
            lambda t: t.replace(plugin("v1"), plugin("v2")),
            lambda t: t.replace('interval = "100ms"', 'interval = "50ms"'),
            lambda t: t + '\n[[operator]]\nid = "big"\nuses = "std.filter"\nfrom = ["counts"]\nconfig = { where = "total > 100000" }\n'
                          '[[sink]]\nid = "seen"\nuses = "digest.sink"\nfrom = ["big"]\n',
            lambda t: t.replace('config = { quiet = "1s" }\nparallelism = 4', 'config = { quiet = "1s" }\nparallelism = 1'),
        ]
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            with open(file, encoding="utf-8") as f:
                text = f.read()
            for edit in edits:
                changed = edit(text)
                self.assertNotEqual(changed, text)
                text = changed
                with open(file, "w", encoding="utf-8") as f:
                    f.write(text)
                plan = weir("plan", file, "--json", env=self.env())
                self.assertEqual(plan.code, 0, plan)
                self.assertNotEqual(json.loads(plan.out)["how"], "nothing")
                change = self.change("apply", file)
                self.assertEqual(change["state"], "committed", change)
            self.let_go("edited")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.result["records_in"], self.EVENTS)
        self.assertGreater(done.result["sinks"]["seen"]["rows"], 0)
        # A key's rows are spread over the sink's subtasks, as counts has another parallelism than it.
        self.assertEqual(collections.Counter(self.read(out)), collections.Counter(self.read(calm_out)), "nothing lost, nothing twice")

    def test_only_options_are_hot(self):
        file, out = self.told("options")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            with open(file, encoding="utf-8") as f:
                text = f.read()
            with open(file, "w", encoding="utf-8") as f:
                f.write(text.replace('quiet = "1s"', 'quiet = "2s"'))
            plan = json.loads(weir("plan", file, "--json", env=self.env()).out)
            self.assertEqual(plan["how"], "hot")
            self.assertEqual([(n["id"], n["what"], n["state"]) for n in plan["nodes"]], [("counts", "options: quiet", "kept")])
            change = self.change("apply", file)
            self.assertTrue(change["hot"])
            done = running.finish()
        self.assertEqual(done.code, 0, done)

    def test_a_file_that_is_wrong_changes_nothing(self):
        file, out = self.told("wrong")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            with open(file, encoding="utf-8") as f:
                text = f.read()
            for edit, why in ((lambda t: t.replace('quiet = "1s"', 'quite = "1s"'), "quite"), (lambda t: t + "\nnonsense", "nonsense"),
                              (lambda t: t.replace('from = ["wrong"]', 'from = ["nobody"]'), "nobody"),
                              (lambda t: t.replace('[checkpoint]', '[checkpoint]\nretained = 7'), "checkpoint.retained"),
                              (lambda t: t.replace('name = "wrong"', 'name = "other"'), "other")):
                with open(file, "w", encoding="utf-8") as f:
                    f.write(edit(text))
                done = weir("apply", file, env=self.env())
                self.assertNotEqual(done.code, 0, done)
                self.assertIn(why, done.err)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.history("wrong"), [])
        self.assert_same(self.read(out), self.calm())

    def test_state_of_a_removed_operator_is_not_lost_by_accident(self):
        file, out = self.told("removed")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            with open(file, encoding="utf-8") as f:
                text = f.read()
            with open(file, "w", encoding="utf-8") as f:
                f.write(text.replace('id = "counts"', 'id = "tally"').replace('from = ["counts"]', 'from = ["tally"]'))
            done = weir("apply", file, env=self.env())
            self.assertNotEqual(done.code, 0, done)
            self.assertIn("counts", done.out + done.err)
            # Its successor takes it over.
            with open(file, "w", encoding="utf-8") as f:
                f.write(text.replace('id = "counts"', 'id = "tally"\nwas = "counts"').replace('from = ["counts"]', 'from = ["tally"]'))
            change = self.change("apply", file)
            self.assertEqual(change["state"], "committed", change)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.read(out), self.calm())


if __name__ == "__main__":
    unittest.main(verbosity=2)
