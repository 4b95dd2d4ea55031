"""What the service starters share: ports, a process that outlives its starter but not for ever, and stopping it for certain.

A service's folder holds: `state.json` (pid, the process's start time, ports), `log`, and its data. A process is named by its pid
and its start time together, so a pid that the system has given to somebody else is never signalled.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

LOOPBACK = "127.0.0.1"


def free_port(taken=()):
    """A port nobody listens on, outside the range that the system hands out for connections.

    A broker that a test stops for a while gets its port back: no outgoing connection and no server on "port 0" can take one from
    here meanwhile, only another caller of this function with the same luck, whom `start` of a service survives by trying again."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low = int(file.read().split()[0])
    except (OSError, ValueError):
        low = 32768
    choice = random.SystemRandom()
    for _ in range(500):
        port = choice.randrange(10000, low) if low > 12000 else 0
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            port = probe.getsockname()[1]
        if port not in taken:
            return port
    raise RuntimeError("found no free port on 127.0.0.1 in 500 tries")


def listens(port, timeout=1.0):
    try:
        with socket.create_connection((LOOPBACK, port), timeout):
            return True
    except OSError:
        return False


def start_time(pid):
    """When the process was started, in ticks since boot; None: there is no such process (a zombie counts as none)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Folder:
    """The folder of one running (or stopped) service."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        os.makedirs(self.path, exist_ok=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def read(self):
        try:
            with open(self.file("state.json"), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def write(self, state):
        with open(self.file("state.json.new"), "w", encoding="utf-8") as file:
            json.dump(state, file)
        os.replace(self.file("state.json.new"), self.file("state.json"))

    def alive(self):
        state = self.read()
        return "pid" in state and start_time(state["pid"]) == state["started"]

    def log_tail(self, lines=20):
        try:
            with open(self.file("log"), encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return ""

    def launch(self, command, environment=None, keep=None, minutes=120.0):
        """Starts the command in a session of its own, log in `log`. It is ended after `minutes`, so that a test run that was killed
        leaves nothing behind for long. keep: more facts for state.json."""
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read_end)
            os.setsid()
            if os.fork() != 0:
                os._exit(0)
            self._watch(command, environment, write_end, minutes)
        os.close(write_end)
        os.waitpid(child, 0)
        with os.fdopen(read_end) as pipe:
            pid = pipe.read().strip()
        if not pid.isdigit():
            raise RuntimeError(f"cannot start {command[0]}: {pid}")
        # A process that has ended already has no start time: alive() is then false, and the caller looks into the log.
        self.write({**(keep or {}), "pid": int(pid), "started": start_time(int(pid))})

    def _watch(self, command, environment, write_end, minutes):
        """Runs in the grandchild: starts the service, tells its pid, ends it when its time is over. Does not return."""
        try:
            log = os.open(self.file("log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            null = os.open(os.devnull, os.O_RDONLY)
            process = subprocess.Popen(command, stdin=null, stdout=log, stderr=log, env=environment, cwd=self.path, start_new_session=True)
            os.write(write_end, str(process.pid).encode())
        except OSError as why:
            os.write(write_end, str(why).encode())
            os._exit(1)
        for descriptor in (0, 1, 2):
            os.dup2(log if descriptor else null, descriptor)
        os.closerange(3, 256)
        try:
            process.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os._exit(0)

    def stop(self, grace_s=20.0, hard=False):
        """Asks the process to end, then insists. Returns False when it was not running. The other facts of state.json stay."""
        state = self.read()
        if not self.alive():
            return False
        pid, started = state["pid"], state["started"]
        for sent, wait_s in (([] if hard else [(signal.SIGTERM, grace_s)]) + [(signal.SIGKILL, 20.0)]):
            try:
                os.kill(pid, sent)
            except ProcessLookupError:
                break
            if wait_for(lambda: start_time(pid) != started, wait_s):
                break
        else:
            raise RuntimeError(f"process {pid} does not end")
        self.write({k: v for k, v in state.items() if k not in ("pid", "started")})
        return True


def wait_for(condition, timeout_s, every_s=0.05):
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(every_s)
    return bool(condition())


def fail(message, code=1):
    print(f"{os.path.basename(sys.argv[0])}: {message}", file=sys.stderr)
    sys.exit(code)
