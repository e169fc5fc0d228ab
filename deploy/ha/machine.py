"""Machines of a cluster, simulated by processes of this machine.

Each has a folder as its root, and an address: on the loopback network or, if network namespaces are available, in its own network
behind a bridge, so that it can be disconnected. Nothing here is part of an installation.
"""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
BINARIES = {"patroni": "/usr/bin/patroni", "etcd": "/usr/bin/etcd", "haproxy": "/usr/sbin/haproxy"}
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def settings(file):
    """Parses an environment file like systemd, as far as these files need."""
    pairs = (line.split("=", 1) for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return dict(pairs)


def be_deaf():
    """Ignores further signals, so that the clean-up is not interrupted."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def end_as_by_hand():
    """Turns termination signals into an exception, as Ctrl-C does, so that all started processes are stopped."""

    def end(*_):
        be_deaf()
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, end)


def living():
    """Returns the parent of each running process."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2 :].split()[:2]
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    return parents


def with_descendants(roots):
    """Returns those of these processes that are running and their descendants, parents first."""
    parents = living()
    found = [pid for pid in roots if pid in parents]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


class Loopback:
    """Every machine is a loopback address of this one; each run uses different addresses."""

    network = "127.0.0.0/8"
    # The haproxy of two machines would listen on the same address.
    separate = False

    def __init__(self):
        for second in range(20, 250):
            self.prefix = f"127.{second}.{os.getpid() % 250 + 1}"
            try:
                with socket.socket() as probe:
                    probe.bind((f"{self.prefix}.1", 2380))
                    return
            except OSError:
                continue
        raise RuntimeError("no free addresses on the loopback")

    def enter(self, _name, _address):
        """Returns the command prefix that runs a command on that machine."""
        return []

    def close(self):
        """Does nothing: nothing was created."""


class Bridge:
    """Every machine has its own network namespace. The bridge is in the caller's namespace, which must be new."""

    network = "10.77.0.0/24"
    prefix = "10.77.0"
    separate = True

    def __init__(self):
        self.holders = {}
        self.ip("link", "set", "lo", "up")
        self.ip("link", "add", "bridge", "type", "bridge")
        self.ip("addr", "add", f"{self.prefix}.1/24", "dev", "bridge")
        self.ip("link", "set", "bridge", "up")

    @staticmethod
    def ip(*words):
        subprocess.run(["/usr/sbin/ip", *words], check=True)

    def enter(self, name, address):
        """Returns the command prefix that runs a command on that machine. Creates the machine if necessary."""
        if name not in self.holders:
            holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
            self.holders[name] = holder
            mine = os.readlink("/proc/self/ns/net")
            while os.readlink(f"/proc/{holder.pid}/ns/net") == mine:
                time.sleep(0.01)
            self.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
            self.ip("link", "set", name, "master", "bridge", "up")
            for words in [["addr", "add", f"{address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"], ["link", "set", "lo", "up"]]:
                subprocess.run([*self.into(name), "/usr/sbin/ip", *words], check=True)
        return self.into(name)

    def into(self, name):
        return ["nsenter", "--target", str(self.holders[name].pid), "--net"]

    def cut(self, name):
        """Disconnects that machine from the network."""
        self.ip("link", "set", name, "down")

    def mend(self, name):
        """Reconnects that machine."""
        self.ip("link", "set", name, "up")

    def close(self):
        """Ends the processes in the namespaces, which deletes the namespaces."""
        for holder in self.holders.values():
            holder.kill()
            holder.wait()


class Machine:
    """One machine, with its files rendered below `root`."""

    def __init__(self, name, address, root, logs, enter, tenure):
        self.name, self.address, self.root, self.logs, self.enter, self.tenure = name, address, root, logs, enter, tenure
        self.processes = {}

    def start(self, *services):
        """Starts these services like Debian's units."""
        for service in services:
            command, environment, user = getattr(self, f"_{service}")()
            self.processes[service] = subprocess.Popen(
                [*self.enter, *self._as(user), *command],
                stdin=subprocess.DEVNULL,
                stdout=(self.logs / f"{self.name}-{service}.log").open("ab"),
                stderr=subprocess.STDOUT,
                env={"PATH": PATH, "LANG": "C.UTF-8", **environment},
                cwd=self.root,
                start_new_session=True,
            )

    @staticmethod
    def _as(user):
        return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user and os.geteuid() == 0 else []

    def _etcd(self):
        return [BINARIES["etcd"]], settings(self.root / "etc/default/etcd"), "postgres"

    def _patroni(self):
        return [BINARIES["patroni"], str(self.root / "etc/patroni/config.yml")], {}, "postgres"

    def _haproxy(self):
        return [BINARIES["haproxy"], "-Ws", "-f", str(self.root / "etc/haproxy/haproxy.cfg")], {}, None

    def _tenure(self):
        return [self.tenure, "serve"], settings(self.root / "etc/tenure/tenure.env"), None

    def roots(self, services):
        """Returns the root processes of these services. PostgreSQL is not a child of any; it is found by its arguments."""
        started = [self.processes[service].pid for service in services if service in self.processes]
        return [*started, *(self.of_postgresql() if "patroni" in services else [])]

    def of_postgresql(self):
        """Returns all processes that use the database's folder, even before PostgreSQL's pid file exists."""
        data, found = str(self.root / "var/lib/postgresql/15/tenure").encode(), []
        for words in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found += [int(words.parent.name)] if data in words.read_bytes() else []
            except OSError:
                continue
        return found

    def postmaster(self):
        """Returns the pid in PostgreSQL's pid file, if it is still that of PostgreSQL."""
        data = self.root / "var/lib/postgresql/15/tenure"
        try:
            number = int((data / "postmaster.pid").read_text().split()[0])
            return [number] if str(data).encode() in pathlib.Path(f"/proc/{number}/cmdline").read_bytes() else []
        except (OSError, ValueError, IndexError):
            return []

    def signal(self, number, *services):
        """Sends a signal to all processes of these services, or of all services; returns the processes."""
        roots = self.roots(services or tuple(self.processes))
        found = with_descendants(roots)
        for pid in found:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        return found

    def kill(self, *services):
        """Simulates a power failure."""
        services = services or tuple(self.processes)
        while self.signal(signal.SIGKILL, *services):
            time.sleep(0.02)
        for service in services:
            self.processes.pop(service).wait()

    def pause(self):
        """Freezes all processes until `resume`, like a hypervisor that pauses a machine."""
        # Twice, for processes that were started meanwhile.
        self.signal(signal.SIGSTOP)
        self.signal(signal.SIGSTOP)

    def resume(self):
        """Continues all processes, which do not notice the pause."""
        self.signal(signal.SIGCONT)

    def stop(self, service, patience=30):
        """Stops one service cleanly; returns its exit code."""
        process = self.processes.pop(service)
        process.terminate()
        return process.wait(patience)

    def prepare(self, *folders):
        """Creates the folders that Debian's packages would create."""
        for folder in folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)

    def give_away(self):
        """Changes the owner of its files to the user that PostgreSQL runs as, since it refuses to run as root."""
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            for path in [self.root, *self.root.rglob("*")]:
                os.chown(path, account.pw_uid, account.pw_gid)
