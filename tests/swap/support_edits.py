"""Pipelines that are edited at random: as they are, as their file says it, and what may be done to them next."""
import copy

from support_swap import plugin

HEAD = """
format = 1
name = "edited"
[plugin]
activity = { path = "ACTIVITY" }
[checkpoint]
interval = "INTERVAL"
retained = 1000
[limits]
batch_rows = ROWS
queue_bytes = "QUEUE"
[[source]]
id = "bids"
uses = "file.source"
config = { path = "INPUT" }
format = { type = "json", columns = { bidder = "int64", price = "int64", at = "timestamp" } }
watermark = { field = "at", out_of_orderness = "200ms" }
[[operator]]
id = "pace"
uses = "std.throttle"
from = ["bids"]
config = { rate = 500.0, burst = 1000 }
"""

BIDS, COUNTS, WINDOWS = "bids", "counts", "windows"  # what rows of a stream look like


class Node:
    """An operator."""

    def __init__(self, name, kind, sources, **config):
        self.name, self.kind, self.sources, self.config = name, kind, sources, config
        self.was, self.parallelism = None, 1

    STATEFUL = ("count", "window", "first")

    @property
    def shape(self):
        return {"count": COUNTS, "window": WINDOWS}.get(self.kind, BIDS)

    def text(self):
        uses, config = {
            "filter": ("std.filter", 'where = "price % {k} <> 0"'),
            "add": ("std.project", 'columns = ["bidder", "price + {k} AS price", "at"]'),
            "both": ("std.union", ""),
            "count": ("activity.counter", 'quiet = "{k}s"'),
            "window": ("window.tumbling", 'size = "500ms", aggregates = ["count() AS rows", "sum(price) AS sum"]'),
            "first": ("keyed.dedupe", 'keep = "first"'),
        }[self.kind]
        key = '["bidder", "price"]' if self.kind == "first" else '"bidder"'
        sources = ", ".join(f'{{ port = "{s}", exchange = {{ kind = "hash", key = {key} }} }}' for s in self.sources)
        lines = ["[[operator]]", f'id = "{self.name}"', f'uses = "{uses}"', f"from = [{sources}]", f"parallelism = {self.parallelism}"]
        if self.was:
            lines.append(f'was = "{self.was}"')
        if config:
            lines.append("config = { " + config.format(**self.config) + " }")
        return "\n".join(lines) + "\n"


class Pipeline:
    """What a file says. Nodes read from nodes in front of them; each has a sink of its own unless it was told otherwise."""

    def __init__(self):
        self.nodes, self.sinks, self.next = [], set(), 0
        self.version, self.interval, self.rows, self.queue = "v1", "100ms", 64, "4MiB"
        self.were = set()  # names in front of the edit

    def copy(self):
        made = copy.deepcopy(self)
        made.were = {n.name for n in self.nodes}
        for node in made.nodes:
            node.was = None  # of the edit before
        return made

    def text(self, given, out):
        text = HEAD
        for key, value in {"ACTIVITY": plugin(self.version), "INTERVAL": self.interval, "ROWS": str(self.rows), "QUEUE": self.queue,
                           "INPUT": given}.items():
            text = text.replace(key, value)
        for node in self.nodes:
            text += node.text()
        for name in sorted(self.sinks | {"pace"}):
            was = next((f'was = "{n.was}_out"\n' for n in self.nodes if n.was and n.name == name), "")
            text += f'[[sink]]\nid = "{name}_out"\n{was}uses = "file.sink"\nfrom = ["{name}"]\nformat = "json"\n'
            text += f'config = {{ path = "{out}/{name}-{{seq}}.jsonl" }}\n'
        return text

    def named(self, name):
        return next(n for n in self.nodes if n.name == name)

    def readers(self, name):
        return [n for n in self.nodes if name in n.sources]

    def ordered(self, name):
        """Whether the rows of a bidder come in one order, whatever threads do."""
        if name == "pace":
            return True
        node = self.named(name)
        return node.kind not in ("both", "first") and all(self.ordered(s) for s in node.sources)

    def streams(self, before=None, ordered=False):
        """Streams of bids that a node may read; before: only those in front of it."""
        nodes = self.nodes if before is None else self.nodes[:self.nodes.index(before)]
        # What "first" lets through is one of several rows with another time each: only a sink may read it.
        names = ["pace"] + [n.name for n in nodes if n.shape == BIDS and n.kind != "first"]
        return [n for n in names if not ordered or self.ordered(n)]

    # ---- edits: each says what it did, or None when there is nothing to do it to
    def add(self, random):
        if len(self.nodes) >= 8:
            return None
        kind = random.choice(["filter", "add", "both", "count", "window", "first"])
        self.next += 1
        streams = self.streams(ordered=kind == "count")
        if kind == "both" and len(streams) < 2:
            kind = "filter"
        sources = random.sample(streams, 2) if kind == "both" else [random.choice(streams)]
        node = Node(f"{kind}{self.next}", kind, sources, k=random.randint(2, 5))
        node.parallelism = random.randint(1, 3)
        self.nodes.append(node)
        self.sinks.add(node.name)
        return f"add {node.name} behind {sources}"

    def remove(self, random):
        leaves = [n for n in self.nodes if not self.readers(n.name) and n.kind not in Node.STATEFUL]
        if not leaves:
            return None
        node = random.choice(leaves)
        self.nodes.remove(node)
        self.sinks.discard(node.name)
        return f"remove {node.name}"

    def rename(self, random):
        kept = [n for n in self.nodes if n.kind in Node.STATEFUL and n.name in self.were and not self.readers(n.name)]
        if not kept:
            return None
        node = random.choice(kept)
        self.next += 1
        node.was, node.name = node.name, f"{node.kind}{self.next}"
        self.sinks.discard(node.was)
        self.sinks.add(node.name)
        return f"rename {node.was} to {node.name}"

    def rewire(self, random):
        if not self.nodes:
            return None
        node = random.choice(self.nodes)
        at = random.randrange(len(node.sources))
        needs_order = node.kind == "count" or any(r.kind == "count" for r in self.behind(node))
        streams = [s for s in self.streams(node, ordered=needs_order) if s not in node.sources]
        if not streams:
            return None
        was, node.sources[at] = node.sources[at], random.choice(streams)
        return f"rewire {node.name} from {was} to {node.sources[at]}"

    def behind(self, node):
        out = []
        for reader in self.readers(node.name):
            out += [reader, *self.behind(reader)]
        return out

    def reconfigure(self, random):
        nodes = [n for n in self.nodes if n.kind in ("filter", "add", "count")]
        if not nodes:
            return None
        node = random.choice(nodes)
        node.config["k"] = random.choice([k for k in range(2, 7) if k != node.config["k"]])
        return f"reconfigure {node.name}"

    def rescale(self, random):
        if not self.nodes:
            return None
        node = random.choice(self.nodes)
        node.parallelism = random.choice([p for p in (1, 2, 3) if p != node.parallelism])
        return f"rescale {node.name} to {node.parallelism}"

    def exchange(self, _random):
        if not any(n.kind == "count" for n in self.nodes):
            return None
        self.version = "v2" if self.version == "v1" else "v1"
        return f"activity {self.version}"

    def sink(self, random):
        """A sink more, or one less where something reads the node all the same."""
        read = [n.name for n in self.nodes if self.readers(n.name)]
        if not read:
            return None
        self.sinks ^= {random.choice(read)}
        return f"sinks are now {sorted(self.sinks)}"

    def settings(self, random):
        self.interval = random.choice([i for i in ("50ms", "100ms", "200ms") if i != self.interval])
        self.rows = random.choice([16, 32, 64])
        self.queue = random.choice(["16KiB", "4MiB"])
        return f"settings {self.interval} {self.rows} {self.queue}"

    EDITS = ("add", "add", "add", "remove", "rename", "rewire", "rewire", "reconfigure", "rescale", "rescale", "exchange", "sink", "settings")

    def edited(self, random):
        """An edited copy, and what one to three edits it is."""
        made, told = self.copy(), []
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            while True:
                what = getattr(made, random.choice(self.EDITS))(random)
                if what:
                    told.append(what)
                    break
        return made, told
