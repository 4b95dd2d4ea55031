"""Auctions and their bids: input, pipelines on files and on topics (running count, window, join, all with keyed state), and what must
come out, worked out here by plain loops."""
import collections
import datetime
import glob
import json
import os
import random

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
BID_EVERY_MS, BIDS_OF_AN_AUCTION, BIDDERS = 50, 10, 37
WINDOW_MS, JOINED_FOR_MS = 5_000, 4_000
SINKS = {"counts": "bidder", "windows": "auction", "joined": "auction"}  # name: the column that is its key

HEAD = """
format = 1
name = "auctions"
[checkpoint]
interval = "100ms"
[restart]
strategy = "fixed-delay"
attempts = 1000
delay = "10ms"
[limits]
batch_rows = 64
"""
SOURCE = """
[[source]]
id = "{id}_in"
uses = "{kind}.source"
config = {config}
format = {{ type = "json", columns = {columns} }}
watermark = {{ field = "at", out_of_orderness = "0s" }}
parallelism = {parallelism}
[[operator]]
id = "{id}"
uses = "std.throttle"
from = ["{id}_in"]
config = {{ rate = {rate}, burst = 64 }}
parallelism = 1
"""
OPERATORS = """
[[operator]]
id = "count"
uses = "window.running"
from = ["bids"]
exchange = { kind = "hash", key = "bidder" }
config = { aggregates = ["count() AS many"], emit = "upserts" }
parallelism = 2
[[operator]]
id = "window"
uses = "window.tumbling"
from = ["bids"]
exchange = { kind = "hash", key = "auction" }
config = { size = "5s", aggregates = ["count() AS bids", "max(price) AS most"] }
parallelism = 2
[[operator]]
id = "join"
uses = "join.interval"
from = [
  { port = "auctions", exchange = { kind = "hash", key = "id" } },
  { port = "bids", exchange = { kind = "hash", key = "auction" } },
]
config = { after = "4s", columns = ["left.id AS auction", "left.seller", "right.n", "right.price"] }
parallelism = 2
"""
SINK = """
[[sink]]
id = "{id}"
uses = "{kind}.sink"
from = ["{operator}"]
format = "json"
config = {config}
parallelism = 2
"""
COLUMNS = {"auctions": '{ id = "int64", seller = "int64", at = "timestamp" }',
           "bids": '{ n = "int64", auction = "int64", bidder = "int64", price = "int64", at = "timestamp" }'}
UNLIMITED = 1e9


def time_text(ms):
    return (START + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Auctions:
    """`bids` bids and a tenth as many auctions: the same for the same number."""

    def __init__(self, bids):
        chance = random.Random(bids)
        self.bids, self.auctions = [], []
        for n in range(bids):
            if n % BIDS_OF_AN_AUCTION == 0:
                self.auctions.append({"id": len(self.auctions), "seller": chance.randrange(100), "at": n * BID_EVERY_MS})
            # Some bids come for an auction that is over, some for one that has not begun.
            auction = max(0, len(self.auctions) - 1 + chance.choice((-9, -3, -2, -1, -1, 0, 0, 0, 0, 1)))
            self.bids.append({"n": n, "auction": auction, "bidder": chance.randrange(BIDDERS), "price": chance.randrange(10_000), "at": n * BID_EVERY_MS})

    def given(self, name):
        """(key, record) of an input."""
        key = {"auctions": "id", "bids": "auction"}[name]
        for row in getattr(self, name):
            yield str(row[key]), json.dumps({**row, "at": time_text(row["at"])})

    def files(self, folder):
        for name in COLUMNS:
            with open(os.path.join(folder, name + ".jsonl"), "w", encoding="utf-8") as file:
                file.writelines(record + "\n" for _, record in self.given(name))

    def wanted(self):
        """By sink and key: its rows in their order."""
        out = {name: collections.defaultdict(list) for name in SINKS}
        begun = {a["id"]: a for a in self.auctions}
        windows = collections.defaultdict(list)
        for bid in self.bids:
            of_bidder = out["counts"][bid["bidder"]]
            of_bidder.append(len(of_bidder) + 1)
            windows[bid["auction"], bid["at"] // WINDOW_MS].append(bid["price"])
            auction = begun.get(bid["auction"])
            if auction and auction["at"] <= bid["at"] <= auction["at"] + JOINED_FOR_MS:
                out["joined"][bid["auction"]].append((auction["seller"], bid["n"], bid["price"]))
        for auction, window in sorted(windows):
            prices = windows[auction, window]
            out["windows"][auction].append((time_text(window * WINDOW_MS), len(prices), max(prices)))
        return out


def value_of(name, row):
    if name == "counts":
        return row["many"]
    if name == "windows":
        start = datetime.datetime.fromisoformat(row["window_start"].replace("Z", "+00:00"))
        return time_text((start - START) // datetime.timedelta(milliseconds=1)), row["bids"], row["most"]
    return row["seller"], row["n"], row["price"]


def by_key(name, rows):
    out = collections.defaultdict(list)
    for row in rows:
        out[row[SINKS[name]]].append(value_of(name, row))
    return out


def compare(case, wanted, read):
    """`read(name)`: the rows of a sink, those of a key in their order. What differs is told by its key, not by all of the rows."""
    for name in SINKS:
        seen = by_key(name, read(name))
        for what in ("lost", "twice or never there"):
            a, b = (wanted[name], seen) if what == "lost" else (seen, wanted[name])
            for key, rows in a.items():
                more = collections.Counter(rows) - collections.Counter(b.get(key, []))
                case.assertFalse(more, f"{name}: {what}, key {key}")
        if name == "joined":
            continue  # pairs of a row that several waited for have no order
        for key, rows in wanted[name].items():
            case.assertEqual(seen[key], rows, f"{name}: the order of key {key}")


def on_files(given, out, rate):
    """Reads the folder `given` and writes into the folder `out`; `rate`: bids a second."""
    text = HEAD
    for name, columns in COLUMNS.items():
        text += SOURCE.format(id=name, kind="file", config=f'{{ path = "{given}/{name}.jsonl" }}', columns=columns, parallelism=1, rate=share(name, rate))
    text += OPERATORS
    for operator, name in zip(("count", "window", "join"), SINKS):
        text += SINK.format(id=name, kind="file", operator=operator, config=f'{{ path = "{out}/{name}-{{subtask}}-{{seq}}.jsonl" }}')
    return text


def on_topics(address, topics, rate, properties=""):
    """Reads the topics auctions and bids, two partitions each, and writes to `topics` + the name of the sink. A batch of Kafka has up to 4096
    records, and a throttle holds back a whole one: so the rate should be some thousands."""
    text = HEAD
    for name, columns in COLUMNS.items():
        config = (f'{{ brokers = "{address}", topic = "{name}", group = "auctions", start = "earliest", bounded = "latest"{properties} }}')
        text += SOURCE.format(id=name, kind="kafka", config=config, columns=columns, parallelism=2, rate=rate if name == "bids" else UNLIMITED)
    text += OPERATORS
    for operator, name in zip(("count", "window", "join"), SINKS):
        config = (f'{{ brokers = "{address}", topic = "{topics}{name}", key = "{SINKS[name]}", delivery = "exactly-once", '
                  f'transactional_id_prefix = "{topics}{name}" }}')
        text += SINK.format(id=name, kind="kafka", operator=operator, config=config)
    return text


def share(name, rate):
    return float(rate if name == "bids" else rate / BIDS_OF_AN_AUCTION)


def at_full_speed():
    """Arguments for the run that is to come to the end."""
    return [word for name in COLUMNS for word in ("--set", f"{name}.rate={UNLIMITED}")]


def rows_of_files(folder, name):
    def number(path):
        return [int(n) for n in os.path.basename(path)[:-len(".jsonl")].split("-")[1:]]

    for path in sorted(glob.glob(os.path.join(folder, name + "-*.jsonl")), key=number):
        with open(path, encoding="utf-8") as file:
            yield from map(json.loads, file)
