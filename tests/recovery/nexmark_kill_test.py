#!/usr/bin/env python3
"""Workers that are killed while they run: the digest of the whole run is that of a run that nobody disturbed."""
import os
import unittest


from support_recovery import Case, KilledRun, pipeline

EVENTS = 2_000_000
RATE = 400_000  # events a second: long enough to be killed
QUERIES = [q for q in ("q0", "q5", "q7", "q8", "q11", "q18", "q3") if os.path.exists(pipeline(f"nexmark/{q}.toml"))]


class NexmarkKill(Case):
    def test_every_query_gives_the_same_digest_when_its_worker_is_killed(self):
        for number, query in enumerate(QUERIES):
            for parallelism in (1, 2):
                with self.subTest(query, parallelism=parallelism):
                    self.kill(query, parallelism, number * 10 + parallelism)

    def kill(self, query, parallelism, seed):
        told = [pipeline(f"nexmark/{query}.toml"), "--set", f"nexmark.events={EVENTS}", "--set", f"parallelism={parallelism}", "--set",
                f"nexmark.splits={parallelism}"]
        wanted = self.run_well(*told, env={"WEIR_STATE_DIR": self.path("calm")})["sinks"]["digest"]
        run = KilledRun(*told, "--set", f"nexmark.rate={RATE}", "--set", "checkpoint.interval=200ms", "--set", "restart.initial_backoff=10ms",
                        env={"WEIR_STATE_DIR": self.path(query, str(parallelism))}, seed=seed, kills=5)
        self.assertEqual(run.outcome.code, 0, run.outcome)
        self.assertGreaterEqual(run.killed, 3, "the test must kill what it is about")
        self.assertIn("state is restored", run.outcome.err, "a worker must have gone on from a cut")
        self.assertEqual(run.result["sinks"]["digest"], wanted)
        self.assertEqual(run.result["records_in"], EVENTS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
