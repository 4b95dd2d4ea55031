#!/usr/bin/env python3
"""Versions come and go: what a swap leaves behind in the process, and what one version sees of another's statics (nothing)."""
import os
import shutil
import statistics
import sys
import unittest

from support_swap import SLOWNESS, Running, SwapCase, children, plugin, weir

LONG = "--long" in sys.argv
if LONG:
    sys.argv.remove("--long")
SWAPS = 1000 if LONG else 120
SANITIZED = SLOWNESS > 1  # its runtime maps memory of its own, and keeps what is freed


class Unload(SwapCase):
    def new_build(self, name, number):
        """Other bytes of the same code: a build of its own for whoever looks at content."""
        path = self.path(f"build-{number}.so")
        shutil.copyfile(plugin(name), path)
        with open(path, "ab") as file:
            file.write(f"build {number}".encode())
        return path

    @staticmethod
    def measure(worker):
        with open(f"/proc/{worker}/maps", encoding="utf-8") as file:
            maps = file.read().splitlines()
        with open(f"/proc/{worker}/statm", encoding="ascii") as file:
            rss = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        if SANITIZED:
            maps = [line for line in maps if "/" in line]
        return {"maps": len(maps), "images": len({line.split()[-1] for line in maps if "/plugins/" in line}),
                "files": len(os.listdir(f"/proc/{worker}/fd")), "rss": rss}

    def test_many_builds_leave_nothing_behind(self):
        # Few records: what state grows by is not what versions leave behind.
        file, _ = self.told("many", events=100_000_000, rate=2_000, interval="20ms")
        seen = []
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            worker = children(running.process.pid)[0]
            for i in range(SWAPS):
                path = self.new_build("v2" if i % 2 == 0 else "v1", i)
                change = self.change("swap", "many", "counts", "--plugin", path)
                self.assertEqual((change["state"], change["hot"]), ("committed", True), change)
                os.remove(path)
                seen.append(self.measure(worker))
            self.assertEqual(children(running.process.pid), [worker])
            done = running.drain()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.history("many")), SWAPS)
        # The first ones warm allocators and caches up.
        part = SWAPS // 4
        early, late = seen[part:2 * part], seen[-part:]
        for what in ("maps", "files", "images"):
            self.assertLessEqual(statistics.median(m[what] for m in late), statistics.median(m[what] for m in early) + 4, (what, seen[::part]))
        grown = statistics.median(m["rss"] for m in late) - statistics.median(m["rss"] for m in early)
        between = SWAPS - 2 * part + part / 2
        print(f"{SWAPS} builds: {grown / between / 1024:.1f} KiB a swap, {late[-1]}")
        # A thread's memory pool comes in steps of megabytes: in few swaps that is more than what a swap may leave.
        if not SANITIZED:
            self.assertLessEqual(grown, max(64 * 1024 * between, 16 << 20), seen[::part])


if __name__ == "__main__":
    unittest.main(verbosity=2)
