"""A whole cluster on this machine, from the very templates that real machines get."""

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

PATIENCE = 60


def until(what, found, patience=PATIENCE):
    """Polls until `found` gives something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"gave up waiting for {what}")


def get(url, timeout=2):
    """The status and the body of a GET; nothing if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


class Cluster:
    """The machines of cluster.toml below `folder`, at addresses of `network`, with passwords of their own."""

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
            # All of them on one machine.
            "postgresql": {"shared_buffers": "128MB"},
            "passwords": {name: secrets.token_hex(24) for name in layout.PASSWORDS},
            # There is no bucket here, so no documents.
            "tenure": more or {},
        }
        layout.check(self.description)
        self.machines = {}

    @property
    def database(self):
        """The machines of PostgreSQL."""
        return [self.machines[name] for name in self.description["database"]]

    @property
    def application(self):
        """The machines of tenure."""
        return [self.machines[name] for name in self.description["application"]]

    def make(self):
        """Folders and files of every machine."""
        (self.folder / "log").mkdir(parents=True)
        # The database's user must get through; what is below is closed.
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
        """Starts everything, in the order in which an operator would."""
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
        """Where one machine's haproxy answers people."""
        return f"http://{one.address}:8000"

    def until_ready(self, one):
        """Waits until one node of tenure is ready, and every haproxy sends requests to it."""
        until(f"tenure on {one.name}", lambda: (get(f"http://{one.address}:8080/readyz") or (0,))[0] == 200)
        self.tell(f"set server tenure/{one.name} state ready")
        until(f"haproxy to use {one.name}", lambda: all(self.sees(answer, one) for answer in self.tell("show stat")))

    def drain(self, one):
        """No haproxy begins anything on a node of tenure any more; what was begun is answered."""
        self.tell(f"set server tenure/{one.name} state drain")

    def tell(self, command):
        """A command to every haproxy, as `socat - /run/haproxy/admin.sock` would; what each says."""
        answers = []
        for one in self.application:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.connect(str(one.root / "run/haproxy/admin.sock"))
                admin.sendall(f"{command}\n".encode())
                answers.append(b"".join(iter(lambda admin=admin: admin.recv(65536), b"")).decode())
        return answers

    @staticmethod
    def sees(statistics, one):
        """Whether a haproxy takes a node of tenure to be up."""
        rows = csv.DictReader(statistics.removeprefix("# ").splitlines())
        return any((row["pxname"], row["svname"], row["status"]) == ("tenure", one.name, "UP") for row in rows)

    def members(self):
        """What Patroni knows of its members, as any of them tells it."""
        for one in self.database:
            answer = get(f"http://{one.address}:8008/cluster")
            if answer and answer[0] == 200:
                return json.loads(answer[1])["members"]
        return []

    def primary(self):
        """The machine of the primary, if there is one whose Patroni says so of itself."""
        for one in self.database:
            if (get(f"http://{one.address}:8008/primary") or (0,))[0] == 200:
                return one
        return None

    def sync_standby(self):
        """A machine that has every acknowledged commit, and may take over."""
        return next(self.machines[member["name"]] for member in self.members() if member["role"] == "sync_standby")

    def patroni(self, one, action, body):
        """Has a member's Patroni do something, as `patronictl` does; the status."""
        password = self.description["passwords"]["patroni"]
        credentials = base64.b64encode(f"patroni:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{one.address}:8008/{action}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def is_whole(self):
        """Whether every standby follows the primary synchronously. Patroni calls one running that is still rewound."""
        standbys = len(self.description["database"]) - 1
        roles = sorted(member["role"] for member in self.members())
        if roles != ["leader", *["sync_standby"] * standbys]:
            return False
        return self.answers("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == f"{standbys}\n"

    def sql(self, database, statement):
        """Runs a statement on the primary, by way of haproxy, as the superuser."""
        one = self.application[0]
        host = "127.0.0.1" if self.network.separate else one.address
        environment = {"PATH": machine.PATH, "PGPASSWORD": self.description["passwords"]["superuser"]}
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", "5000", "-U", "postgres", "-d", database, "-c", statement]
        done = subprocess.run([*one.enter, *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def answers(self, statement):
        """What the primary says to a statement; nothing if it cannot be asked."""
        try:
            return self.sql("postgres", statement)
        except RuntimeError:
            return None

    def add_partner(self):
        """A partner's client id and secret."""
        one = self.application[0]
        command = [self.tenure, "partner", "add", "--json", "--name", "Acme Payroll", "--scope", "write.career_history"]
        environment = {"PATH": machine.PATH, **machine.settings(one.root / "etc/tenure/tenure.env")}
        done = subprocess.run([*one.enter, *command], env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def stop(self):
        """Ends everything at once: what is here is not meant to stay."""
        for one in self.machines.values():
            one.resume()
            one.kill()
        self.network.close()
