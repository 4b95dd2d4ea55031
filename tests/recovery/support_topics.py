"""Auctions on a broker of one test program: its input topics, and what a read_committed reader sees in the others."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests", "kafka"))
from broker import Broker  # noqa: E402
from support_auctions import COLUMNS, SINKS  # noqa: E402
from support_recovery import PATIENCE  # noqa: E402

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition  # noqa: E402

PARTITIONS = 2


class Topics:
    def __init__(self, data, broker=None):
        """`broker`: how it is made, when it is not an ordinary one."""
        self.broker = broker() if broker else Broker()
        self.broker.topics(*COLUMNS, partitions=PARTITIONS)
        for name in COLUMNS:  # the key decides the partition, so records of one key are in one and in order
            self.broker.fill(name, ((key, record, None) for key, record in data.given(name)))

    @property
    def address(self):
        return self.broker.address

    def make(self, prefix):
        self.broker.topics(*(prefix + sink for sink in SINKS), partitions=PARTITIONS)

    def close(self):
        self.broker.close()

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
