#!/usr/bin/env python3
"""Savepoints that older versions of weir made (frozen/*): this one goes on from them, and ends with what was recorded then."""
import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "pipelines"))
from support import SOURCE, Case, weir  # noqa: E402

FROZEN = os.path.join(SOURCE, "tests", "recovery", "frozen")
VERSIONS = sorted(name for name in os.listdir(FROZEN) if os.path.isdir(os.path.join(FROZEN, name)))


class Frozen(Case):
    def test_there_is_one(self):
        self.assertTrue(VERSIONS)

    def test_each_is_restored_and_ends_as_it_would_have_then(self):
        for version in VERSIONS:
            for parallelism in (2, 1, 3):
                with self.subTest(version, parallelism=parallelism):
                    self.restore(version, parallelism)

    def restore(self, version, parallelism):
        folder = os.path.join(FROZEN, version)
        with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        done = weir("run", os.path.join(folder, "pipeline.toml"), "--from", os.path.join(folder, "savepoint"), "--json", "--set",
                    f"parallelism={parallelism}", env={"WEIR_STATE_DIR": self.path(f"{version}-{parallelism}")})
        self.assertEqual(done.code, 0, done)
        self.assertIn("state is restored", done.err)
        self.assertEqual(done.result["records_in"], expected["records_in"], "what was read before the cut counts, and is not read again")
        self.assertEqual(done.result["sinks"], expected["sinks"])

    def test_one_that_is_damaged_is_refused_by_name_and_not_tried_again(self):
        copy = self.path("copy")
        shutil.copytree(os.path.join(FROZEN, VERSIONS[0]), copy)
        files = os.path.join(copy, "savepoint", "files")
        largest = max((os.path.join(files, name) for name in os.listdir(files)), key=os.path.getsize)
        with open(largest, "r+b") as file:
            file.seek(os.path.getsize(largest) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        done = weir("run", os.path.join(copy, "pipeline.toml"), "--from", os.path.join(copy, "savepoint"), "--json",
                    env={"WEIR_STATE_DIR": self.path("state")})
        self.assert_says(done, 69, largest)
        self.assertNotIn("is restarted", done.err)

    def test_their_state_can_be_looked_at(self):
        for version in VERSIONS:
            with self.subTest(version):
                save = os.path.join(FROZEN, version, "savepoint")
                self.assertEqual(weir("checkpoint", "verify", save).code, 0)
                listed = weir("state", "ls", save)
                self.assertEqual(listed.code, 0, listed)
                kinds = {json.loads(line)["kind"] for line in listed.out.splitlines()}
                self.assertLessEqual({"value", "timer"}, kinds)
                self.assertTrue(kinds & {"list", "map", "bytes"}, kinds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
