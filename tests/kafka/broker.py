"""A broker of one test program, and what the tests ask of it beside weir: topics, records in, records out."""
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["WEIR_SOURCE_DIR"], "tests/pipelines"))
from support import PATIENCE, SOURCE  # noqa: E402

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic  # noqa: E402


class Broker:
    """Starts at once, keeps its address and its data over kill() and start(), and is gone after close()."""

    def __init__(self, advertise=None, before_use=None):
        """`advertise`: where clients are told to come. `before_use`: is told the broker's folder when it runs."""
        self.folder = tempfile.TemporaryDirectory(prefix="weir-kafka-")
        self.more = ["--advertise", advertise] if advertise else []
        self.address = self.start()
        if before_use:
            before_use(self.folder.name)

    def _tell(self, *words):
        done = subprocess.run([os.path.join(SOURCE, "tests/services/kafka"), "--dir", self.folder.name, *words], capture_output=True, text=True,
                              timeout=2 * PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(f"kafka {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def start(self):
        return self._tell("start", "--minutes", "30", *self.more)

    def kill(self):
        self._tell("kill")

    def pause(self):
        self._tell("pause")

    def resume(self):
        self._tell("resume")

    def stop(self):
        self._tell("stop")

    def close(self):
        self._tell("kill")
        self.folder.cleanup()

    def _settings(self, more=None):
        return {"bootstrap.servers": self.address, "socket.timeout.ms": 60000, **(more or {})}

    def _admin(self):
        return AdminClient(self._settings({"log_level": 0}))

    def topics(self, *names, partitions=4):
        admin = self._admin()  # has to live until the answers are there
        for answer in admin.create_topics([NewTopic(n, partitions, 1) for n in names], operation_timeout=60, request_timeout=120).values():
            answer.result()

    def grow(self, topic, partitions):
        admin = self._admin()
        for answer in admin.create_partitions([NewPartitions(topic, partitions)], operation_timeout=60, request_timeout=120).values():
            answer.result()

    def producer(self):
        """Keeps the order, and tries again for as long as a broker may be away."""
        return Producer(self._settings({"enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 5,
                                        "message.timeout.ms": int(PATIENCE * 1000), "log_level": 0}))

    def fill(self, topic, records):
        """records: (key, value, headers) each."""
        failed = []
        producer = self.producer()
        for key, value, headers in records:
            while True:
                try:
                    producer.produce(topic, key=key, value=value, headers=headers, on_delivery=lambda e, _: failed.append(e) if e else None)
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(PATIENCE) or failed:
            raise RuntimeError(f"could not fill {topic}: {failed[:3]}")

    def reader(self, topics):
        return Consumer(self._settings({"group.id": "weir-test", "enable.auto.commit": False, "auto.offset.reset": "earliest", "log_level": 0}))

    def ends(self, *topics):
        """The end offset of every partition of the topics."""
        reader = self.reader(topics)
        try:
            out = {}
            for topic in topics:
                for partition in reader.list_topics(topic, 60).topics[topic].partitions:
                    out[topic, partition] = self._patiently(lambda p=TopicPartition(topic, partition): reader.get_watermark_offsets(p, 60)[1])
            return out
        finally:
            reader.close()

    @staticmethod
    def _patiently(ask):
        """A broker that has just come back knows its partitions a moment later than its port."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except KafkaException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def count(self, *topics):
        return sum(self.ends(*topics).values())

    def read(self, *topics):
        """All records that are in the topics now, each partition in its order."""
        ends = self.ends(*topics)
        reader = self.reader(topics)
        missing = {place for place, end in ends.items() if end > 0}
        reader.assign([TopicPartition(topic, partition, 0) for topic, partition in missing])
        out, until = [], time.monotonic() + PATIENCE
        try:
            while missing:
                if time.monotonic() > until:
                    raise RuntimeError(f"could not read {missing}")
                for m in reader.consume(10000, 1.0):
                    if m.error():
                        if m.error().code() == KafkaError._PARTITION_EOF:
                            continue
                        raise KafkaException(m.error())
                    out.append(m)
                    if m.offset() + 1 >= ends[m.topic(), m.partition()]:
                        missing.discard((m.topic(), m.partition()))
        finally:
            reader.close()
        return out

    def read_committed(self, topic, partitions):
        """What a reader of committed records sees from the beginning to the end: one list of records a partition, in its order."""
        reader = Consumer(self._settings({"group.id": "weir-judge", "enable.auto.commit": False, "isolation.level": "read_committed",
                                          "enable.partition.eof": True}))
        out, ended, until = [[] for _ in range(partitions)], set(), time.monotonic() + PATIENCE
        try:
            reader.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
            while len(ended) < partitions:
                if time.monotonic() > until:
                    raise RuntimeError(f"{topic} could not be read to its end")
                for m in reader.consume(10000, 1.0):
                    if not m.error():
                        out[m.partition()].append(m)
                    elif m.error().code() == KafkaError._PARTITION_EOF:
                        ended.add(m.partition())
                    else:
                        raise KafkaException(m.error())
        finally:
            reader.close()
        return out
