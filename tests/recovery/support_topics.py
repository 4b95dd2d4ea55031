"""Auctions on a broker of one test program: its input topics, and what a read_committed reader sees in the others."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402
from support_auctions import COLUMNS, SINKS  # noqa: E402
from support_recovery import PATIENCE, SOURCE  # noqa: E402

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition  # noqa: E402

PARTITIONS = 2


class Topics:
    # Of a source that reads topics made with trickle: the client fetches 50 records of a partition and then pauses.
    TRICKLE = ', properties = { "fetch.message.max.bytes" = "4000", "queued.min.messages" = "50" }'

    def __init__(self, data, broker=None, trickle=False):
        """`broker`: how it is made, when it is not an ordinary one."""
        self.broker = broker() if broker else Broker()
        self.broker.topics(*COLUMNS, partitions=PARTITIONS)
        if trickle:  # a fetch is never less than what a producer sent together
            self.broker.producer = lambda: Producer({"bootstrap.servers": self.broker.address, "enable.idempotence": True,
                                                     "partitioner": "murmur2_random", "batch.num.messages": 50,
                                                     "message.timeout.ms": int(PATIENCE * 1000), "log_level": 0})
        for name in COLUMNS:  # the key decides the partition, so records of one key are in one and in order
            self.broker.fill(name, ((key, record, None) for key, record in data.given(name)))

    @property
    def address(self):
        return self.broker.address

    def make(self, prefix):
        self.broker.topics(*(prefix + sink for sink in SINKS), partitions=PARTITIONS)

    def close(self):
        self.broker.close()

    def any_row(self, prefix):
        return self.broker.count(*(prefix + sink for sink in SINKS)) > 0

    def rows(self, topic):
        """Each partition in its order."""
        out = []
        reader = Consumer({"bootstrap.servers": self.broker.address, "group.id": "judge", "enable.auto.commit": False,
                           "isolation.level": "read_committed", "enable.partition.eof": True})
        try:
            reader.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
            ended, until = set(), time.monotonic() + PATIENCE
            while len(ended) < PARTITIONS:
                if time.monotonic() > until:
                    raise AssertionError(f"topic {topic} could not be read to its end")
                for m in reader.consume(10000, 0.5):
                    if not m.error():
                        out.append(json.loads(m.value()))
                    elif m.error().code() == KafkaError._PARTITION_EOF:
                        ended.add(m.partition())
                    else:
                        raise KafkaException(m.error())
        finally:
            reader.close()
        return out


class Network:
    """What is between clients and a broker; tests/services/tcp_proxy tells the commands."""

    PROGRAM = os.path.join(SOURCE, "tests/services/tcp_proxy")

    def __init__(self):
        # Nobody is told to go to its first address; the broker's is known later.
        self.process = subprocess.Popen([self.PROGRAM, "--to", "127.0.0.1:1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = json.loads(self.process.stdout.readline())
        self.address, self.control = f"127.0.0.1:{ports['listen']}", ports["control"]

    def tell(self, *words):
        done = subprocess.run([self.PROGRAM, "tell", str(self.control), *words], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0 or done.stdout.startswith("error"):
            raise RuntimeError(f"tcp_proxy {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def stats(self):
        return json.loads(self.tell("stats"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


def behind_a_proxy(network):
    """A broker whose clients all come by way of `network`."""
    broker = Broker(advertise=network.address, before_use=lambda folder: network.tell("to", own_address(folder)))
    return broker


def own_address(folder):
    with open(os.path.join(folder, "server.properties"), encoding="utf-8") as file:
        line = next(line for line in file if line.startswith("listeners="))
    return line.split("PLAINTEXT://")[1].split(",")[0]
