"""Creates a topic with one request of the Kafka protocol: starting a JVM for it costs seconds of a small machine's time."""
import socket
import struct
import time

from service import LOOPBACK

CREATE_TOPICS, VERSION = 19, 2
ALREADY_THERE = 36
TRY_AGAIN = {7: "timed out", 5: "no leader", 8: "broker not available", 41: "not the controller", -1: "unknown"}


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the broker closed the connection")
        data += part
    return data


def request_topic(port, name, partitions, replication=1, timeout_s=30.0):
    """One request. Returns the error code and the broker's message."""
    topic = text(name) + struct.pack(">ih", partitions, replication) + struct.pack(">ii", 0, 0)  # no assignments, no settings
    body = struct.pack(">i", 1) + topic + struct.pack(">i?", int(timeout_s * 1000), False)
    message = struct.pack(">hhi", CREATE_TOPICS, VERSION, 1) + text("weir-tests") + body
    with socket.create_connection((LOOPBACK, port), timeout_s) as connection:
        connection.settimeout(timeout_s + 10)
        connection.sendall(struct.pack(">i", len(message)) + message)
        answer = read_exactly(connection, struct.unpack(">i", read_exactly(connection, 4))[0])
    at = 4 + 4 + 4  # correlation id, throttle time, number of topics
    at += 2 + struct.unpack_from(">h", answer, at)[0]
    code, length = struct.unpack_from(">hh", answer, at)
    return code, answer[at + 4:at + 4 + length].decode() if length > 0 else ""


def create_topic(port, name, partitions, patience_s=120.0):
    """Returns None, or why there is no such topic. A broker that has just started is asked again."""
    until = time.monotonic() + patience_s
    while True:
        try:
            code, message = request_topic(port, name, partitions)
            why = f"error {code}: {message or TRY_AGAIN.get(code, '')}"
            if code in (0, ALREADY_THERE):
                return None
            if code not in TRY_AGAIN:
                return why
        except OSError as error:
            why = str(error)
        if time.monotonic() > until:
            return why
        time.sleep(0.2)
