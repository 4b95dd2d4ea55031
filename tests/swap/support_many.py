"""Many versions that give the same results, one after the other in one run; from files or topics, which the tests say."""
import collections
import json
import time

from support_bids import LONG, Bids, told_pauses
from support_swap import PIPELINE, Running, SwapCase, held_back, plugin

WINDOWS = """
[[operator]]
id = "windows"
uses = "window.tumbling"
from = ["slow"]
exchange = { kind = "hash", key = "bidder" }
config = { size = "1s", aggregates = ["count() AS rows", "sum(price) AS sum"] }
parallelism = 2
"""


def sink(name, port, uses, config):
    return f'[[sink]]\nid = "{name}_out"\nuses = "{uses}"\nfrom = ["{port}"]\nformat = "json"\nconfig = {{ {config} }}\nparallelism = 2\n'


class ManyCase(SwapCase):
    TIMES = 1000 if LONG else 10
    # The run waits for the last swap, also on a slow machine.
    EVENTS = 1_500_000 if LONG else 300_000
    RATE = 1_000.0 if LONG else 1_500.0
    OUTPUTS = (("out", "counts"), ("windows", "windows"), ("late", "windows:late"))

    def text(self, source, sinks, deterministic):
        """counts and windows behind a source "bids" that is held back; sinks: their text for each of OUTPUTS."""
        text = PIPELINE[:PIPELINE.index("[[source]]")] + source + PIPELINE[PIPELINE.index("[[operator]]"):PIPELINE.index('[[sink]]\nid = "out"')]
        if deterministic:  # a cut waits behind a step in front of the throttle, otherwise behind a batch: both small
            text = text.replace("[plugin]", 'deterministic_step = "20ms"\n[plugin]')
        return held_back(text).replace('"nexmark:bid"', '"bids"') + WINDOWS + sinks + "[limits]\nbatch_rows = 64\n"

    def rows_of(self, name, out):
        """The rows of one of OUTPUTS, each subtask's or partition's in order."""
        raise NotImplementedError

    def swapped(self, name, deterministic, **how):
        """One run with its swaps. What was written is compared with what plain Python says."""
        file, out = self.told(name, rate=self.RATE, interval="50ms", deterministic=deterministic, **how)
        changes, began = [], time.monotonic()
        with Running("run", file, "--json", env=self.env()) as running:
            running.wait_for('"msg":"cut is complete"')
            for i in range(self.TIMES):
                changes.append(self.change("swap", name, "counts", "--plugin", plugin("v2" if i % 2 == 0 else "v1")))
            took = time.monotonic() - began
            # What is late is late for certain once every split has told its time, which is before the first late bid comes.
            running.wait_until(lambda: [s for s in self.subtasks(name, "windows") if "watermark_us" in s][1:], "the clock of every split")
            self.let_go(name)
            done = running.finish()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(collections.Counter((c["state"], c["hot"]) for c in changes), {("committed", True): self.TIMES})
        self.assertEqual(done.err.count('"msg":"worker started"'), 1)
        self.compare(done.result, out, in_order=not deterministic)
        print(f"{name}: {told_pauses(changes)}; {took:.0f} s, {self.bids.number} bids, {done.result['late']} late")
        return out

    def compare(self, result, out, in_order):
        bids = self.bids
        self.assertEqual(result["records_in"], bids.number)
        self.assertGreater(len(bids.late), 100)
        self.assertEqual(result["late"], sum(bids.late.values()))
        seen = collections.defaultdict(list)
        for text in self.rows_of("out", out):
            row = json.loads(text)
            seen[row["bidder"]].append((row["bids"], row["total"], row["closed"]))
        self.assertEqual(sum(map(len, seen.values())), bids.counts.count(), "nothing lost, nothing twice")
        closed = collections.Counter(bidder for bidder, rows in seen.items() for row in rows if row[2])
        self.assertEqual(closed, collections.Counter(b for b, rows in bids.counts.rows.items() for row in rows if row[2]), "timers fire once")
        # Rows of one time and one key are put in an order of their own in a deterministic pipeline.
        order = list if in_order else sorted
        for bidder, rows in bids.counts.rows.items():
            self.assertEqual(order(seen[bidder]), order(rows), f"bidder {bidder}")
        windows = [json.loads(text) for text in self.rows_of("windows", out)]
        found = {(row["bidder"], row["window_start"]): (row["rows"], row["sum"]) for row in windows}
        self.assertEqual(len(found), len(windows), "each window once")
        self.assertEqual(found, bids.windows_of())
        late = [json.loads(text) for text in self.rows_of("late", out)]
        self.assertEqual(collections.Counter((row["bidder"], row["price"]) for row in late), bids.late)

    @classmethod
    def make_bids(cls):
        cls.bids = Bids(cls.EVENTS)
        return cls.bids.lines()
