#!/usr/bin/env python3
"""Many swaps in one run over files, deterministic or not: rows, their order, late ones and timers are what plain Python says.

WEIR_LONG: 1,000 swaps, otherwise 10."""
import glob
import os
import pathlib
import tempfile
import unittest

from support_many import ManyCase, sink
from support_swap import AT_ONCE

SOURCE = """
[[source]]
id = "bids"
uses = "file.source"
config = { path = "INPUT" }
format = { type = "json", columns = { bidder = "int64", price = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "200ms" }
"""


class ManySwaps(ManyCase):
    @classmethod
    def setUpClass(cls):
        cls.input = tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8")
        cls.input.writelines(line + "\n" for _, line in cls.make_bids())
        cls.input.flush()

    @classmethod
    def tearDownClass(cls):
        cls.input.close()

    def pipeline(self, deterministic):
        sinks = "".join(sink(name, port, "file.sink", f'path = "OUT/{name}-{{subtask}}-{{seq}}.jsonl"') for name, port in self.OUTPUTS)
        return self.text(SOURCE.replace("INPUT", self.input.name), sinks, deterministic)

    @staticmethod
    def files(name, out):
        return sorted(glob.glob(os.path.join(out, f"{name}-*.jsonl")), key=lambda p: [int(n) for n in os.path.basename(p)[:-6].split("-")[1:]])

    def rows_of(self, name, out):
        for path in self.files(name, out):
            with open(path, encoding="utf-8") as file:
                yield from file

    def bytes_of(self, out):
        """What each subtask of each sink has written."""
        return {(name, subtask): b"".join(pathlib.Path(f).read_bytes() for f in self.files(f"{name}-{subtask}", out))
                for name, _ in self.OUTPUTS for subtask in range(2)}

    def test_files(self):
        self.swapped("files", False, text=self.pipeline(False))

    def test_files_deterministic(self):
        out = self.swapped("files-in-steps", True, text=self.pipeline(True))
        file, calm = self.told("calm-in-steps", rate=AT_ONCE, deterministic=True, text=self.pipeline(True))
        self.compare(self.run_well(file, env=self.env("state-calm")), calm, in_order=False)
        seen, expected = self.bytes_of(out), self.bytes_of(calm)
        self.assertEqual([place for place in expected if seen[place] != expected[place]], [], "the same bytes")


if __name__ == "__main__":
    unittest.main(verbosity=2)
