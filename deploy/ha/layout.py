"""The layout of a cluster: reads its description and renders every machine's files from the templates."""

import pathlib
import string
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ERROR_PAGE = "etc/haproxy/errors/tenure-503.http"
# Templates and the paths of the rendered files, by kind of machine.
FILES = {
    "database": {"etcd": "etc/default/etcd", "patroni.yml": "etc/patroni/config.yml"},
    "application": {
        "haproxy.cfg": "etc/haproxy/haproxy.cfg",
        "tenure-503.http": ERROR_PAGE,
        "tenure.env": "etc/tenure/tenure.env",
    },
}
# Required entries of a description: a value, or a table with its values.
REQUIRED = [
    ("base_url",),
    ("certificate",),
    ("mail",),
    ("network",),
    ("database",),
    ("application",),
    ("patroni", "ttl", "loop_wait", "retry_timeout"),
    ("postgresql", "shared_buffers"),
    ("passwords",),
    ("tenure",),
]
PASSWORDS = ["superuser", "replication", "rewind", "tenure", "patroni"]
# haproxy drops its privileges once it listens.
PRIVILEGES = "    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n    daemon"


class Mistake(Exception):
    """An error in a cluster description, for its author."""


def read(path):
    """Reads and checks a cluster description."""
    cluster = tomllib.loads(pathlib.Path(path).read_text())
    check(cluster)
    return cluster


def check(cluster):
    """Rejects a description of a cluster that would not be highly available."""
    for table, *names in REQUIRED:
        if table not in cluster:
            raise Mistake(f"{table} is missing; deploy/ha/cluster.toml has an example with explanations")
        for name in names:
            if name not in cluster[table]:
                raise Mistake(f"{table}.{name} is missing; deploy/ha/cluster.toml has an example with explanations")
    times = cluster["patroni"]
    if times["loop_wait"] + 2 * times["retry_timeout"] > times["ttl"]:
        raise Mistake("patroni: loop_wait + 2 * retry_timeout must not exceed ttl")
    if len(cluster["database"]) < 3 or len(cluster["database"]) % 2 == 0:
        raise Mistake("database: needs an odd number of machines, at least three, so that a majority survives the loss of one")
    if len(cluster["application"]) < 2:
        raise Mistake("application: needs at least two machines, so that one survives the loss of another")
    for name in PASSWORDS:
        password = cluster["passwords"].get(name, "")
        if len(password) < 16 or not (password.isascii() and password.isalnum()):
            raise Mistake(f"passwords.{name}: must have at least 16 letters and digits, for example from `openssl rand -hex 24`")


def lines(pattern, machines):
    """Joins the lines of all machines."""
    return "\n".join(pattern.format(name=name, address=address) for name, address in machines.items())


def values(cluster, kind, name, root="", local="127.0.0.1"):
    """Returns the template variables of one machine. `root` and `local` differ if one machine simulates all of them."""
    address, database = cluster[kind][name], cluster["database"]
    if cluster["certificate"]:
        public = (
            f"    bind :80\n    bind :443 ssl crt {cluster['certificate']} alpn h2,http/1.1\n"
            "    http-request redirect scheme https code 308 unless { ssl_fc }"
        )
    else:
        public = f"    bind {address}:8000"
    return {
        "NAME": name,
        "ADDRESS": address,
        "ROOT": root,
        "LOCAL": local,
        "NETWORK": cluster["network"],
        "ETCD_MEMBERS": ",".join(f"{name}=http://{address}:2380" for name, address in database.items()),
        "ETCD_HOSTS": ",".join(f"{address}:2379" for address in database.values()),
        "STANDBYS": str(len(database) - 1),
        "POSTGRESQL_SERVERS": lines("    server {name} {address}:5432", database),
        "TENURE_SERVERS": lines("    server {name} {address}:8080", cluster["application"]),
        "PUBLIC": public,
        "LOG": "stderr format raw local0" if root else "/dev/log local0",
        "PRIVILEGES": "" if root else PRIVILEGES,
        "BASE_URL": cluster["base_url"],
        "MAIL": cluster["mail"],
        "MORE": "\n".join(f"{key}={value}" for key, value in cluster["tenure"].items()),
        **{key.upper(): str(value) for key, value in (cluster["patroni"] | cluster["postgresql"]).items()},
        **{f"PASSWORD_{name.upper()}": cluster["passwords"][name] for name in PASSWORDS},
    }


def render(cluster, kind, name, folder, root="", local="127.0.0.1"):
    """Writes one machine's files below `folder`. Files with secrets are readable by their owner only."""
    known = values(cluster, kind, name, root, local)
    for template, place in FILES[kind].items():
        file = pathlib.Path(folder) / place
        file.parent.mkdir(parents=True, exist_ok=True)
        # Bytes, to keep the CRLF line endings of the HTTP response.
        text = (HERE / "templates" / template).read_bytes().decode()
        file.touch(mode=0o600)
        file.write_bytes(string.Template(text).substitute(known).encode())
