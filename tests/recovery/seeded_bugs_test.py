#!/usr/bin/env python3
"""The checks check: weir is built with mistakes on purpose, and for each of them some test must fail."""
import os
import subprocess
import sys
import unittest

SOURCE, BUILD = os.environ["WEIR_SOURCE_DIR"], os.environ["WEIR_SEEDED_BUILD"]
# mistake: (the test program that must notice it, its filter)
BUGS = {
    "skip_commit": ("task_test", "Cut.*"),
    "emit_twice": ("sim_test", "*GivesTheSame*"),
    "drop_barrier": ("sim_test", "*GivesTheSame*"),
    "lose_block": ("sim_test", "*GivesTheSame*"),
    "lose_overtaken": ("sim_test", "*GivesTheSame*"),
    "forget_touch": ("sim_test", "*GivesTheSame*"),
    "forget_failed_cut": ("sim_test", "*GivesTheSame*"),
    "forget_clocks": ("sim_test", "*GivesTheSame*"),
    "delete_shared_file": ("checkpoint_test", "*"),
    "retry_fsync": ("checkpoint_test", "Sync*"),
    "skip_sync_of_names": ("checkpoint_test", "*"),
}


def run(program, only, bug):
    env = {**os.environ, "WEIR_SEEDED_BUG": bug, "WEIR_SIM_SEEDS": "2000"}
    return subprocess.run([os.path.join(BUILD, "bin", program), f"--gtest_filter={only}", "--gtest_brief=1"], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600)


class SeededBugs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        programs = sorted({program for program, _ in BUGS.values()})
        subprocess.run(["cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
                        "-DWEIR_SEEDED_BUGS=ON"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", BUILD, "--target", *programs], check=True, stdout=subprocess.DEVNULL)

    def test_without_a_mistake_everything_passes(self):
        for program, only in sorted(set(BUGS.values())):
            done = run(program, only, "")
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])

    def test_every_mistake_is_noticed(self):
        for bug, (program, only) in BUGS.items():
            with self.subTest(bug):
                done = run(program, only, bug)
                self.assertNotEqual(done.returncode, 0, f"{program} does not notice it")
                self.assertTrue("FAILED" in done.stdout or done.returncode < 0, done.stdout[-1000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
