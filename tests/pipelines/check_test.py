#!/usr/bin/env python3
"""Every pipeline file of the repository is right: weir check finds nothing to complain about, not even a warning."""
import glob
import json
import os
import unittest

from support import SOURCE, Case, weir


class Check(Case):
    def test_every_pipeline_is_right(self):
        files = sorted(f for f in glob.glob(os.path.join(SOURCE, "pipelines", "**", "*.toml"), recursive=True) if not f.endswith(".test.toml"))
        self.assertGreater(len(files), 3, "the pipelines are where they are looked for")
        for file in files:
            with self.subTest(os.path.relpath(file, SOURCE)):
                done = weir("check", file, "--offline", "--json")
                self.assertEqual(done.code, 0, done)
                self.assertEqual([done.result["errors"], done.result["warnings"]], [0, 0], done)

    def test_every_pipeline_can_be_drawn(self):
        for file in sorted(glob.glob(os.path.join(SOURCE, "pipelines", "**", "*.toml"), recursive=True)):
            if not file.endswith(".test.toml"):
                with self.subTest(os.path.relpath(file, SOURCE)):
                    done = weir("graph", file)
                    self.assertEqual(done.code, 0, done)
                    with open(file, encoding="utf-8") as text:
                        name = json.loads(next(line for line in text if line.startswith("name")).split("=", 1)[1])
                    self.assertIn(name, done.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
