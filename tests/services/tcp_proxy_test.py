#!/usr/bin/env python3
"""The proxy does what its commands say. Only lower bounds of time and waits for conditions: a slow machine makes it slower, not red."""
import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import unittest

PROXY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tcp_proxy")


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(("127.0.0.1", 0), Echo)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.process = subprocess.Popen([sys.executable, PROXY, "--to", f"127.0.0.1:{self.server.server_address[1]}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.ports = json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()  # it ends with its input
        self.assertEqual(self.process.wait(60), 0)
        self.process.stdout.close()

    def tell(self, *words):
        with socket.create_connection(("127.0.0.1", self.ports["control"]), 60) as control:
            control.sendall((" ".join(words) + "\n").encode())
            return control.makefile().readline().strip()

    def stats(self):
        return json.loads(self.tell("stats"))

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.ports["listen"]), 60)
        self.addCleanup(connection.close)
        return connection

    def receive(self, connection, size, timeout=60):
        connection.settimeout(timeout)
        data = b""
        while len(data) < size:
            part = connection.recv(65536)
            if not part:
                break
            data += part
        return data

    def assert_silent(self, connection, seconds=0.3):
        connection.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            connection.recv(1)

    def assert_reset(self, connection):
        connection.settimeout(60)
        with self.assertRaises(ConnectionError):
            while connection.recv(65536):
                pass
            raise AssertionError("an orderly end, not a reset")

    def wait_for(self, condition):
        until = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), until, "nothing happened in 60 s")
            time.sleep(0.02)

    def test_passes_bytes_through_in_order_and_ends_in_order(self):
        connection = self.connect()
        sent = os.urandom(3_000_000)
        threading.Thread(target=lambda: (connection.sendall(sent), connection.shutdown(socket.SHUT_WR)), daemon=True).start()
        self.assertEqual(self.receive(connection, len(sent) + 1), sent)
        self.wait_for(lambda: self.stats()["open"] == 0)
        stats = self.stats()
        self.assertEqual((stats["up_bytes"], stats["down_bytes"], stats["cut"]), (len(sent), len(sent), 0))

    def test_pause_holds_everything_and_resume_loses_nothing(self):
        connection = self.connect()
        connection.sendall(b"before")
        self.assertEqual(self.receive(connection, 6), b"before")
        self.assertEqual(self.tell("pause"), "ok")
        connection.sendall(b"during")
        self.assert_silent(connection)
        self.assertEqual(self.tell("resume"), "ok")
        self.assertEqual(self.receive(connection, 6), b"during")

    def test_pause_of_one_direction_lets_the_other_pass(self):
        connection = self.connect()
        self.tell("pause", "down")
        connection.sendall(b"question")
        self.wait_for(lambda: self.stats()["up_bytes"] == 8)
        self.assert_silent(connection)
        self.assertEqual(self.stats()["down_bytes"], 0)
        self.tell("resume")
        self.assertEqual(self.receive(connection, 8), b"question")

    def test_a_paused_connection_pushes_back_on_the_sender(self):
        connection = self.connect()
        self.tell("pause")
        connection.settimeout(1)
        with self.assertRaises(TimeoutError):
            connection.sendall(bytes(256 * 1024 * 1024))

    def test_delay_adds_its_time_in_each_direction(self):
        connection = self.connect()
        connection.sendall(b"x")
        self.receive(connection, 1)
        self.tell("delay", "150")
        start = time.monotonic()
        connection.sendall(b"y")
        self.assertEqual(self.receive(connection, 1), b"y")
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_rate_bounds_the_bytes_a_second(self):
        connection = self.connect()
        self.tell("rate", "1000000")
        start = time.monotonic()
        threading.Thread(target=connection.sendall, args=(bytes(500_000),), daemon=True).start()
        self.assertEqual(len(self.receive(connection, 500_000)), 500_000)
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_drop_swallows_bytes_and_resume_cuts_what_lost_some(self):
        losing, other = self.connect(), self.connect()
        other.sendall(b"x")
        self.receive(other, 1)
        self.tell("drop")
        losing.sendall(b"gone")
        self.wait_for(lambda: self.stats()["dropped_bytes"] == 4)
        self.assert_silent(losing)
        self.tell("resume")
        self.assert_reset(losing)
        other.sendall(b"y")
        self.assertEqual(self.receive(other, 1), b"y")
        self.assertEqual(self.stats()["cut"], 1)

    def test_cut_resets_open_connections_and_new_ones_work(self):
        connection = self.connect()
        connection.sendall(b"x")
        self.receive(connection, 1)
        self.tell("cut")
        self.assert_reset(connection)
        again = self.connect()
        again.sendall(b"y")
        self.assertEqual(self.receive(again, 1), b"y")

    def test_cut_after_resets_in_the_middle_of_a_message(self):
        connection = self.connect()
        self.tell("cut_after", "1000", "up")
        connection.sendall(bytes(5000))
        self.assert_reset(connection)
        self.assertEqual(self.stats()["up_bytes"], 1000)
        again = self.connect()
        again.sendall(bytes(5000))
        self.assertEqual(len(self.receive(again, 5000)), 5000)

    def test_refuse_resets_new_connections_only(self):
        connection = self.connect()
        connection.sendall(b"x")
        self.receive(connection, 1)
        self.tell("refuse")
        try:
            self.assert_reset(self.connect())
        except ConnectionError:
            pass  # refused while connecting: as good
        connection.sendall(b"y")
        self.assertEqual(self.receive(connection, 1), b"y")
        self.tell("accept")
        again = self.connect()
        again.sendall(b"z")
        self.assertEqual(self.receive(again, 1), b"z")
        self.assertEqual(self.stats()["refused"], 1)

    def test_to_moves_new_connections_to_another_server(self):
        dead = socket.socket()
        dead.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        self.addCleanup(dead.close)
        self.tell("to", f"127.0.0.1:{dead.getsockname()[1]}")
        with self.assertRaises(ConnectionError):
            connection = self.connect()
            connection.sendall(b"x")
            if not self.receive(connection, 1):
                raise ConnectionError
        self.tell("to", f"127.0.0.1:{self.server.server_address[1]}")
        connection = self.connect()
        connection.sendall(b"y")
        self.assertEqual(self.receive(connection, 1), b"y")

    def test_bad_commands_are_answered_with_an_error(self):
        for words in (("fly",), ("delay",), ("delay", "soon"), ("pause", "left"), ("rate", "0"), ("cut_after",), ("to", "nowhere")):
            self.assertTrue(self.tell(*words).startswith("error"), words)

    def test_stop_ends_it(self):
        self.connect()
        self.assertEqual(self.tell("stop"), "ok")
        self.assertEqual(self.process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
