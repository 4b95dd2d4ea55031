#!/usr/bin/env python3
"""Versions that keep their state in another form: converted while rows flow, or refused before anything is touched."""
import json
import unittest

from support_swap import AT_ONCE, PIPELINE, Running, SwapCase, held_back, plugin, weir


class State(SwapCase):
    EVENTS = 150_000
    RATE = 3_000

    def told_slowly(self, name, rate=None):
        return self.told(name, rate=float(rate or self.RATE), text=held_back(PIPELINE) + '[limits]\nqueue_bytes = "128KiB"\n')

    _expected = []

    def expected(self):
        if not self._expected:
            file, out = self.told_slowly("calm", AT_ONCE)
            self.run_well(file, env=self.env("state-calm"))
            self._expected.append(self.read(out))
        return self._expected[0]

    def plan(self, file, version):
        with open(file, encoding="utf-8") as f:
            text = f.read()
        edited = self.write("edited.toml", text.replace(plugin("v1"), plugin(version)))
        return weir("plan", edited, "--json", env=self.env())

    def goes_on_as(self, version, told, hot=True):
        """Then the output is that of a run that nobody touched."""
        file, out = self.told_slowly(version)
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            plan = json.loads(self.plan(file, version).out)
            self.assertEqual(plan["how"], "hot" if hot else "at a cut")
            self.assertNotIn("refused", plan)
            self.assertRegex(plan["nodes"][0]["state"], told)
            change = self.change("swap", version, "counts", "--plugin", plugin(version))
            self.assertEqual((change["state"], change["hot"]), ("committed", hot), change)
            self.let_go(version)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        if hot:
            self.assertRegex(done.err, '"msg":"state is converted while rows flow".*tally')
        self.assertNotIn("state is converted as it is restored", done.err)
        self.assert_same(self.read(out), self.expected())

    def test_members_that_come_and_are_renamed_are_converted_by_the_host(self):
        self.goes_on_as("state_1", "^converted: tally: dearest is new; sum was total$")

    def test_another_form_is_converted_by_the_plugin_that_was_tried_before(self):
        self.goes_on_as("state_3", r"^converted: tally: migrated by the plugin \([1-9]\d* stored values tried\)$")

    def test_another_time_to_live_is_a_matter_of_a_cut(self):
        self.goes_on_as("kept_a_year", "^kept$", hot=False)

    def test_what_cannot_be_read_is_refused_and_nothing_stands_still(self):
        file, out = self.told_slowly("unreadable")
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            for version, told in (("state_2", ("operator counts", "state tally", "field bids is int64", "int32", "weir.migrate/1")),
                                  ("state_4", ("operator counts", "state tally", "made to fail in migrate", "activity 2.4.0")),
                                  ("state_5", ("a plugin crashes when it converts state", "activity"))):
                with self.subTest(version):
                    done = weir("swap", "unreadable", "counts", "--plugin", plugin(version), env=self.env())
                    self.assertNotEqual(done.code, 0, done)
                    plan = self.plan(file, version)
                    self.assertEqual(plan.code, 0, plan)
                    refused = json.loads(plan.out)["refused"]
                    for part in told:
                        self.assertIn(part, done.err)
                        self.assertIn(part, refused)
            self.let_go("unreadable")
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual([c["what"] + " " + c["nodes"][0]["id"] for c in self.history("unreadable")], ["swap slow"], "no other change was begun")
        self.assertEqual(done.err.count('"msg":"worker started"'), 1, "no worker has died of it")
        self.assert_same(self.read(out), self.expected())


if __name__ == "__main__":
    unittest.main(verbosity=2)
