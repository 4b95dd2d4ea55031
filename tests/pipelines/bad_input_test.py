#!/usr/bin/env python3
"""What goes wrong in daily use is told with an exit code, what it was, where, and what to do next."""
import os
import unittest

from support import BINARY, Case, pipeline, weir

# bad: the plugins of tests/bad_plugins, each with one defect, here in the middle of a pipeline.
BAD = """\
format = 1
name   = "bad"
{plugin}
[[source]]
id     = "made"
uses   = "exceptions.events"
config = {{ events = 10 }}

[[operator]]
id   = "middle"
uses = "{uses}"
from = ["made"]

[[sink]]
id   = "out"
uses = "digest.sink"
from = ["middle"]
"""


class Outside(Case):
    """Files and folders that are not as they should be."""

    def exceptions(self, source, folder, *more):
        return weir("run", pipeline("exceptions/exceptions.toml"), *more, "--json", env={"EXCEPTIONS_IN": source, "EXCEPTIONS_OUT": folder})

    def some_input(self):
        with open(self.path("in.jsonl"), "w", encoding="utf-8") as file:
            file.write("not JSON\n")
        return self.path("in.jsonl")

    def test_a_source_file_that_is_missing(self):
        done = self.exceptions(self.path("nowhere.jsonl"), self.folder)
        self.assert_says(done, 75, self.path("nowhere.jsonl"), "No such file", "events")
        self.assertEqual(done.result["state"], "failed")

    def test_a_folder_as_source_file(self):
        self.assertNotEqual(self.exceptions(self.folder, self.folder).code, 0)

    def test_a_sink_folder_that_is_a_file(self):
        done = self.exceptions(self.some_input(), self.write("out", ""))
        self.assertIn(done.code, (73, 75), done)
        self.assertIn(self.path("out"), done.err)

    def test_a_sink_folder_that_cannot_be_written(self):
        os.mkdir(self.path("locked"), 0o555)
        where = self.path("locked")
        if os.geteuid() == 0:
            where = "/proc/self"  # nobody writes there, root neither
        done = self.exceptions(self.some_input(), where)
        self.assertIn(done.code, (73, 75), done)
        self.assertIn(where, done.err)

    def test_a_sink_file_that_is_there_already(self):
        os.mkdir(self.path("out"))
        with open(self.path("out", "dead-letters.jsonl"), "w", encoding="utf-8") as file:
            file.write("precious\n")
        done = self.exceptions(self.some_input(), self.path("out"), "--set", "rejected.exists=fail")
        self.assertIn(done.code, (73, 75, 78), done)
        self.assertIn(self.path("out", "dead-letters.jsonl"), done.err)
        with open(self.path("out", "dead-letters.jsonl"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious\n")

    def test_bad_records_stop_the_pipeline_when_it_says_so(self):
        done = self.exceptions(self.some_input(), self.folder, "--set", "events.on_error=fail")
        self.assert_says(done, 65, "events", "JSON")


class BadPlugin(Case):
    def bad(self, name):
        file = os.path.join(BINARY, "lib/weir/bad_plugins", f"lib{name}.so")
        self.assertTrue(os.path.exists(file), file)
        return self.write("bad.toml", BAD.format(plugin=f'plugin.{name} = {{ path = "{file}" }}', uses=f"{name}.bad"))

    def test_one_that_throws_across_the_boundary_is_named(self):
        done = weir("run", self.bad("throws_in_process"), "--json")
        self.assert_says(done, 70, "middle/0", "throws_in_process 1.2.0", "thrown in process")
        self.assertEqual(done.result["state"], "failed")

    def test_one_that_emits_another_schema_than_it_declared_is_named(self):
        done = weir("run", self.bad("wrong_schema"), "--json")
        self.assert_says(done, 70, "middle/0", "wrong_schema 1.2.0", "2 columns and 1 are declared")

    def test_one_that_crashes_ends_the_process_with_its_name(self):
        for name in ("segv_in_process", "abort_in_process", "stack_overflow_in_process"):
            with self.subTest(name):
                done = weir("run", self.bad(name))
                self.assert_says(done, 70, f"plugin {name} 1.2.0", "operator middle/0", "the worker crashed")

    def test_one_that_crashes_without_a_supervisor_ends_the_process_with_its_name(self):
        done = weir("run", self.bad("segv_in_process"), "--no-supervisor")
        self.assert_says(done, -11, "plugin segv_in_process 1.2.0", "operator middle/0")

    def test_one_that_ends_the_process_is_not_taken_for_a_finished_run(self):
        done = weir("run", self.bad("exit_in_process"), "--json")
        self.assert_says(done, 70, "without a word")
        self.assertEqual(done.out, "")

    def test_one_that_hangs_is_named_and_ended(self):
        done = weir("run", self.bad("hangs_in_process"), "--set", "limits.hang_timeout=500ms")
        self.assert_says(done, 70, "plugin hangs_in_process 1.2.0", "operator middle/0", "does not return")

    def test_one_that_does_not_exist(self):
        file = self.write("p.toml", BAD.format(plugin="", uses="exeptions.score"))
        self.assert_says(weir("run", file), 78, f"{file}:11:8", 'no plugin "exeptions"', "--plugin-dir")

    def test_a_component_that_does_not_exist(self):
        file = self.write("p.toml", BAD.format(plugin="", uses="exceptions.scor"))
        self.assert_says(weir("run", file), 78, f"{file}:11:8", "score")


if __name__ == "__main__":
    unittest.main(verbosity=2)
