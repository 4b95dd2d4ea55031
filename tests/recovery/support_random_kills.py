"""A worker of the auctions that is killed at random times, then the rest of the input undisturbed."""
import os
import random
import time

from support_auctions import at_full_speed
from support_recovery import Running, children, kill, wait_for

LONG = bool(os.environ.get("WEIR_LONG"))


def run_with_kills(case, file, kills, env, seed=1, pause=0.6):
    """Every third kill comes at any time, also while the worker starts; every other one not before it has gone on from a cut and made one."""
    chance, killed, last = random.Random(seed), 0, None
    with Running("run", file, "--json", env=env) as running:
        def worker():
            return next((pid for pid in children(running.process.pid) if pid != last), None)

        while killed < kills:
            before = running.err().count('"msg":"cut is complete"')
            running.wait_until(worker, "another worker")
            if killed % 3:
                running.wait_until(lambda than=before: running.err().count('"msg":"cut is complete"') > than, "a cut of this worker")
            time.sleep(chance.uniform(0, pause))
            last = worker() or last
            if running.process.poll() is not None:
                break
            killed += kill(last)
        running.wait_until(worker, "the last worker")
        last = worker()
        kill(running.process.pid)  # and at the end both of them
        done = running.finish()
    case.assertEqual(killed, kills, "the input was too short for all kills")
    case.assertIn('"msg":"state is restored"', done.err)
    if last:
        wait_for(lambda: not os.path.exists(f"/proc/{last}"), "the worker to be gone")
    case.run_well(file, *at_full_speed(), env=env)
