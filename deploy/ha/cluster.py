"""A complete cluster on this machine, rendered from the same templates as real machines."""

import base64
import csv
import json
import pathlib
import secrets
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request

import layout
import machine

TIMEOUT = 60


def until(what, found, timeout=TIMEOUT):
    """Polls until `found` returns a true value."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"gave up waiting for {what}")


def get(url, timeout=2):
    """Returns the status and body of a GET request; None if there is no response."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


class Cluster:
    """The machines of cluster.toml below `folder`, with addresses from `network` and generated passwords."""

    def __init__(self, folder, network, tenure, times=None, more=None):
        self.folder, self.network, self.tenure = pathlib.Path(folder).resolve(), network, str(pathlib.Path(tenure).resolve())
        example = tomllib.loads((layout.HERE / "cluster.toml").read_text())
        numbers = iter(range(11, 250))
        self.description = example | {
            "base_url": "http://localhost:8000",
            "certificate": "",
            "mail": f"dir:{self.folder}/mail",
            "network": network.network,
            "database": {name: f"{network.prefix}.{next(numbers)}" for name in example["database"]},
            "application": {name: f"{network.prefix}.{next(numbers)}" for name in example["application"]},
            "patroni": example["patroni"] | (times or {}),
            # All machines share this one.
            "postgresql": {"shared_buffers": "128MB"},
            "passwords": {name: secrets.token_hex(24) for name in layout.PASSWORDS},
            # There is no bucket here, so documents are disabled.
            "tenure": more or {},
        }
        layout.check(self.description)
        self.machines = {}

    @property
    def database(self):
        """The machines that run PostgreSQL."""
        return [self.machines[name] for name in self.description["database"]]

    @property
    def application(self):
        """The machines that run tenure."""
        return [self.machines[name] for name in self.description["application"]]

    def make(self):
        """Creates the folders and files of every machine."""
        (self.folder / "log").mkdir(parents=True)
        # The user of PostgreSQL needs to traverse the folder; the folders inside are private.
        self.folder.chmod(0o711)
        for kind in layout.FILES:
            for name, address in self.description[kind].items():
                root = self.folder / name
                one = machine.Machine(name, address, root, self.folder / "log", self.network.enter(name, address), self.tenure)
                layout.render(self.description, kind, name, root, str(root), "127.0.0.1" if self.network.separate else address)
                if kind == "database":
                    one.prepare("var/lib/etcd", "var/lib/postgresql/15", "run/postgresql")
                    one.give_away()
                else:
                    one.prepare("var/lib/tenure", "run/haproxy")
                self.machines[name] = one
        # Every node has the same root key.
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        for one in self.application:
            file = one.root / "var/lib/tenure/root.key"
            file.touch(mode=0o600)
            file.write_text(key)

    def start(self, say=lambda _: None):
        """Starts all services in the order an operator would."""
        self.make()
        for one in self.database:
            one.start("etcd")
        for one in self.database:
            until(f"etcd on {one.name}", lambda one=one: b'"true"' in (get(f"http://{one.address}:2379/health") or (0, b""))[1])
        say("etcd is there")
        for one in self.database:
            one.start("patroni")
        for one in self.application:
            one.start("haproxy")
        until("a primary and its standbys", self.is_whole)
        say(f"PostgreSQL is there, {self.primary().name} is the primary")
        self.sql("postgres", f"CREATE ROLE tenure LOGIN PASSWORD '{self.description['passwords']['tenure']}'")
        self.sql("postgres", "CREATE DATABASE tenure OWNER tenure")
        for one in self.application:
            one.start("tenure")
        for one in self.application:
            self.until_ready(one)
        say("tenure is there")

    def url(self, one):
        """Returns the URL of one machine's haproxy."""
        return f"http://{one.address}:8000"

    def until_ready(self, one):
        """Waits until one tenure node is ready and every haproxy sends requests to it."""
        until(f"tenure on {one.name}", lambda: (get(f"http://{one.address}:8080/readyz") or (0,))[0] == 200)
        self.tell(f"set server tenure/{one.name} state ready")
        until(f"haproxy to use {one.name}", lambda: all(self.sees(answer, one) for answer in self.tell("show stat")))

    def drain(self, one):
        """Stops every haproxy from sending new requests to a tenure node; requests in progress finish."""
        self.tell(f"set server tenure/{one.name} state drain")

    def tell(self, command):
        """Sends a command to every haproxy, like `socat - /run/haproxy/admin.sock`; returns the responses."""
        answers = []
        for one in self.application:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.connect(str(one.root / "run/haproxy/admin.sock"))
                admin.sendall(f"{command}\n".encode())
                answers.append(b"".join(iter(lambda admin=admin: admin.recv(65536), b"")).decode())
        return answers

    @staticmethod
    def sees(statistics, one):
        """Returns whether a haproxy considers a tenure node up."""
        rows = csv.DictReader(statistics.removeprefix("# ").splitlines())
        return any((row["pxname"], row["svname"], row["status"]) == ("tenure", one.name, "UP") for row in rows)

    def members(self):
        """Returns Patroni's list of members, from any member that responds."""
        for one in self.database:
            answer = get(f"http://{one.address}:8008/cluster")
            if answer and answer[0] == 200:
                return json.loads(answer[1])["members"]
        return []

    def primary(self):
        """Returns the machine whose Patroni reports itself as primary, if any."""
        for one in self.database:
            if (get(f"http://{one.address}:8008/primary") or (0,))[0] == 200:
                return one
        return None

    def sync_standby(self):
        """Returns a synchronous standby: it has every acknowledged commit and may be promoted."""
        return next(self.machines[member["name"]] for member in self.members() if member["role"] == "sync_standby")

    def patroni(self, one, action, body):
        """Sends a request to a member's Patroni, as `patronictl` does; returns the status."""
        password = self.description["passwords"]["patroni"]
        credentials = base64.b64encode(f"patroni:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{one.address}:8008/{action}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def is_whole(self):
        """Returns whether every standby follows the primary synchronously. Patroni also reports a standby that is being rewound as running."""
        standbys = len(self.description["database"]) - 1
        roles = sorted(member["role"] for member in self.members())
        if roles != ["leader", *["sync_standby"] * standbys]:
            return False
        return self.answers("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == f"{standbys}\n"

    def sql(self, database, statement):
        """Runs a statement on the primary through haproxy, as the superuser. It may contain a password, so it is no argument."""
        one = self.application[0]
        host = "127.0.0.1" if self.network.separate else one.address
        environment = {"PATH": machine.PATH, "PGPASSWORD": self.description["passwords"]["superuser"]}
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", "5000", "-U", "postgres", "-d", database, "-f", "-"]
        done = subprocess.run([*one.enter, *command], env=environment, input=statement, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def answers(self, statement):
        """Returns the result of a statement on the primary; None if it is unreachable."""
        try:
            return self.sql("postgres", statement)
        except RuntimeError:
            return None

    def add_partner(self):
        """Adds a partner; returns its client id and secret."""
        one = self.application[0]
        command = [self.tenure, "partner", "add", "--json", "--name", "Acme Payroll", "--scope", "write.career_history"]
        environment = {"PATH": machine.PATH, **machine.settings(one.root / "etc/tenure/tenure.env")}
        done = subprocess.run([*one.enter, *command], env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def stop(self):
        """Kills everything at once, without a clean shutdown: the cluster is temporary."""
        for one in self.machines.values():
            one.resume()
            one.kill()
        self.network.close()
