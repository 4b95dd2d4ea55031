"""Bids that the tests make themselves, and what plain Python makes of them: the measure of a run that was changed."""
import collections
import json
import os
import statistics
import time

QUIET_US = WINDOW_US = 1_000_000
BEGIN_US = 36_000_000_000
HOUR_US = 3_600_000_000
LATE_BIDDER = 1_000_000  # and above: bids that are an hour late, each of a bidder of its own
LONG = bool(os.environ.get("WEIR_LONG"))


def timestamp(us):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 1_000_000)) + f".{us % 1_000_000:06d}Z"


def line(bidder, price, at):
    return json.dumps({"bidder": bidder, "price": price, "at": timestamp(at)})


class Counts:
    """What activity.counter makes of bids: (bids, total, closed) of each bidder, in order."""

    def __init__(self):
        self.tallies, self.rows = {}, collections.defaultdict(list)

    def add(self, bidder, price, at):
        bids, total, quiet_at = self.tallies.get(bidder, (0, 0, 0))
        if bids and quiet_at < at:
            self.rows[bidder].append((bids, total, True))
            bids = total = 0
        self.tallies[bidder] = bids + 1, total + price, max(quiet_at if bids else 0, at + QUIET_US)
        self.rows[bidder].append((bids + 1, total + price, False))

    def end(self):
        """The clock has passed everything."""
        for bidder, (bids, total, _) in self.tallies.items():
            self.rows[bidder].append((bids, total, True))
        self.tallies = {}

    def count(self):
        return sum(map(len, self.rows.values()))


class Bids:
    """As many bids, at most 0.1 s out of order, some of them an hour late; `lines` is what is read, the rest what must come of it."""

    def __init__(self, number):
        self.counts, self.windows, self.late = Counts(), collections.Counter(), collections.Counter()
        self.number = number

    def lines(self):
        for i in range(self.number):
            price = i * 7919 % 1000
            clock = BEGIN_US + i * 250 + i // 4000 * 2 * QUIET_US  # now and then everybody is quiet
            if i > self.number // 8 and i % 500 == 0:
                bidder, at = LATE_BIDDER + i, clock - HOUR_US
                self.late[bidder, price] += 1
            else:
                bidder, at = i * 104_729 % 211, clock - i * 31 % 100_000
                self.windows[bidder, at // WINDOW_US, price] += 1
            self.counts.add(bidder, price, at)
            yield bidder, line(bidder, price, at)
        self.counts.end()

    def windows_of(self):
        """(bidder, begin of the window): rows, sum."""
        out = collections.defaultdict(lambda: [0, 0])
        for (bidder, window, price), rows in self.windows.items():
            out[bidder, window][0] += rows
            out[bidder, window][1] += rows * price
        return {(bidder, timestamp(window * WINDOW_US)): tuple(sums) for (bidder, window), sums in out.items()}


def told_pauses(changes):
    """For people: what the subtasks stood still for."""
    pauses = sorted(c["pause_us"] for c in changes)
    at = [pauses[min(len(pauses) - 1, int(len(pauses) * share))] for share in (0.5, 0.99)]
    return f"{len(pauses)} swaps, pause p50 {at[0]} us, p99 {at[1]} us, most {pauses[-1]} us, mean {statistics.mean(pauses):.0f} us"
