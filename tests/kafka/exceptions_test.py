#!/usr/bin/python3
"""The exceptions pipeline on a real broker: what is in the topic comes out once, or is a dead letter."""
import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import Broker  # noqa: E402
from support import Case, pipeline  # noqa: E402

EVENTS = int(os.environ["WEIR_KAFKA_EVENTS"])
MALFORMED = EVENTS // 100
SINKS = {"critical": "critical", "fx": "fx", "rates": "rates", "equities": "equities", "credit": "credit", "commodities": "commodities",
         "other": "other", "rejected": "dead-letters"}


class Exceptions(Case):
    def test_what_is_in_the_topic_comes_out_or_is_a_dead_letter(self):
        broker = Broker()
        self.addCleanup(broker.close)
        broker.topics("exceptions", *(f"exceptions.{name}" for name in SINKS.values()))
        env = {"KAFKA": broker.address, "EXCEPTIONS_TOPIC": "exceptions"}
        made = self.run_well(pipeline("exceptions/generate-kafka.toml"), "--set", f"made.events={EVENTS}", "--set", "made.malformed=0.01", env=env)
        self.assertEqual(made["sinks"]["topic"]["rows"], EVENTS)
        self.assertEqual(broker.count("exceptions"), EVENTS)

        result = self.run_well(pipeline("exceptions/exceptions-kafka.toml"), "--set", "events.bounded=latest", "--log-level", "error", env=env)
        self.assertEqual(result["state"], "finished")
        self.assertEqual(result["records_in"], EVENTS)
        self.assertEqual(result["dead_letters"], MALFORMED)
        self.assertEqual(result["records_in"], result["records_out"] + result["dead_letters"])
        for sink, name in SINKS.items():
            self.assertEqual(result["sinks"][sink]["rows"], broker.count(f"exceptions.{name}"), sink)

        # Read back: each record once, in the topic of its desk, with its trace in the headers.
        traces = set()
        for name in SINKS.values():
            rows = broker.read(f"exceptions.{name}")
            for m in rows:
                row = json.loads(m.value())
                if name == "dead-letters":
                    self.assertTrue(row["reason"])
                    continue
                headers = dict(m.headers())
                self.assertEqual(headers["trace_id"].decode(), row["trace_id"])
                self.assertEqual(headers["source_id"].decode(), row["source_id"])
                self.assertEqual(m.key().decode(), row["counterparty"])
                self.assertEqual(row["severity"] == "critical", name == "critical")
                self.assertTrue(name in ("critical", row["desk"]), row)
                traces.add(row["trace_id"])
            if name == "dead-letters":
                reasons = collections.Counter(json.loads(m.value())["operator"] for m in rows)
                self.assertEqual(reasons, {"events": MALFORMED * 7 // 10, "score": MALFORMED * 3 // 10})
        self.assertEqual(len(traces), EVENTS - MALFORMED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
