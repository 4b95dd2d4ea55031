#!/usr/bin/env python3
"""`weir dev`: a plugin of `weir new operator` on an installed SDK, changed while its pipeline runs."""
import glob
import json
import os
import subprocess
import unittest

from support_swap import Running, SwapCase, weir

SOURCE = os.environ["WEIR_SOURCE_DIR"]

PIPELINE = """
format = 1
name = "watch-orders"
[checkpoint]
interval = "200ms"
[[source]]
id = "orders"
uses = "datagen.source"
[source.config]
events = 100_000_000
rate = 2_000
fields = [{ name = "customer", kind = "choice", values = ["ann", "bob"] }, { name = "amount", kind = "uniform", min = 0, max = 5_000 }]
[[operator]]
id = "large"
uses = "big-spender.large_orders"
from = ["orders"]
config = { limit = 1_000 }
[[sink]]
id = "out"
uses = "file.sink"
from = ["large"]
format = "json"
config = { path = "OUT/out-{seq}.jsonl" }
"""


class Dev(SwapCase):
    def run_tool(self, *command):
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")

    def project(self):
        sdk, prefix, project = self.path("sdk"), self.path("prefix"), self.path("big-spender")
        self.run_tool("cmake", "-S", SOURCE, "-B", sdk, "-G", "Ninja", "-DWEIR_BUILD_HOST=OFF", f"-DCMAKE_INSTALL_PREFIX={prefix}")
        self.run_tool("cmake", "--install", sdk)
        done = weir("new", "operator", "big-spender", "--dir", project, "--template", os.path.join(prefix, "share", "weir", "template"))
        self.assertEqual(done.code, 0, done)
        self.run_tool("cmake", "-S", project, "-B", os.path.join(project, "build"), "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                      "-DCMAKE_BUILD_TYPE=Debug")
        return project

    def edit(self, file, before, after):
        with open(file, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(before, text)
        with open(file, "w", encoding="utf-8") as f:
            f.write(text.replace(before, after))

    def rows(self, out):
        rows = []
        for path in sorted(glob.glob(os.path.join(out, "out-*.jsonl"))):
            with open(path, encoding="utf-8") as f:
                rows += [json.loads(line) for line in f]
        return rows

    def test_a_change_of_the_source_is_built_and_swapped_in(self):
        project, out = self.project(), self.path("out")
        os.makedirs(out)
        file = self.write("watch-orders.toml", PIPELINE.replace("OUT", out))
        build = os.path.join(project, "build")
        code = os.path.join(project, "big_spender.cpp")
        right, other = "in.amount - limit_});", "limit_ - in.amount});"
        with Running("dev", file, "--plugin-dir", build, "--source", project, "--build", f"cmake --build '{build}' --target big-spender",
                     env=self.env()) as running:
            running.wait_for('"msg":"pipeline runs"')
            running.wait_until(lambda: self.rows(out), "rows of the first version")
            # The compiler refuses.
            self.edit(code, right, "in.amount - limit_ + nonsense});")
            running.wait_for("the build failed")
            self.assertIn("nonsense", running.err(), "what the compiler says")
            seen = len(self.rows(out))
            running.wait_until(lambda: len(self.rows(out)) > seen, "more rows of the first version")
            self.assertEqual(self.history("watch-orders"), [])
            # A version that does something else.
            self.edit(code, "in.amount - limit_ + nonsense});", other)
            running.wait_until(lambda: any(c["state"] == "committed" for c in self.history("watch-orders")), "the swap")
            running.wait_until(lambda: self.rows(out)[-1]["above"] < 0, "rows of the next version")
            # A version that fails is taken back.
            self.edit(code, "void large_orders::process(const order& in, weir::time /*at*/, output& out) {",
                      "void large_orders::process(const order& in, weir::time /*at*/, output& out) {\n  if (in.amount >= 0) std::terminate();")
            running.wait_until(lambda: any(c["state"] == "rolled back" for c in self.history("watch-orders")), "the roll-back")
            running.wait_for("the version before runs on")
            seen = len(self.rows(out))
            running.wait_until(lambda: len(self.rows(out)) > seen, "more rows of the version before")
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        self.assertIn("is committed", done.out)
        self.assertIn("is rolled back", done.out)
        rows = self.rows(out)
        self.assertTrue(all(abs(r["above"]) == r["amount"] - 1_000 for r in rows))
        signs = [r["above"] > 0 for r in rows]
        self.assertEqual(signs, sorted(signs, reverse=True), "once the next version served, nothing of the first one")


if __name__ == "__main__":
    unittest.main(verbosity=2)
