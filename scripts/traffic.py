"""Clients of a running tenure server that record which requests were acknowledged, refused or broken off.

Used by scripts/ha and scripts/soak. Depends only on the Partner API, not on the server's code.
"""

import collections
import http.client
import json
import random
import threading
import time
import urllib.parse

PUSH = "/api/partner/v2/add/requests/career_history"
STATUSES = "/api/partner/v2/submissions/status"
TOKEN = "/api/partner/v1/oauth/token"
# Timeout of every operation in seconds; longer than the server's own timeouts.
TIMEOUT = 40
# Seconds before retrying after a 503. Shorter than its Retry-After, to measure the server instead
# of the client.
AGAIN = 0.2

Answer = collections.namedtuple("Answer", "status headers body")


def career(identifier):
    """Returns the body of a push."""
    job = {"organisation": "Company A", "role_title": "Engineer", "start_date": "2020-01", "last_processed_month": "2024-05"}
    return {"credential_id": identifier, "fields": {"full_name": "Ada Lovelace", "employment": [job, job]}}


class Connection:
    """One persistent connection. Connection errors are returned as None."""

    def __init__(self, host, port, timeout=TIMEOUT):
        self.host, self.port, self.timeout, self.connection = host, port, timeout, None

    def request(self, method, path, body=None, headers=None):
        """Returns the response; None if the server is unreachable or closes the connection.

        A persistent connection may have been closed in the meantime, by a response that was sent before the body was read or by a
        restart. The request is then retried once on a new connection, as all clients do (RFC 9112, section 9.3.1).
        """
        was_kept = self.connection is not None
        started = time.monotonic()
        answer = self._request(method, path, body, headers or {})
        if answer is None and was_kept and time.monotonic() - started < 1:
            answer = self._request(method, path, body, headers or {})
        return answer

    def _request(self, method, path, body, headers):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self):
        """Closes the connection; the next request opens a new one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def token(host, port, partner):
    """Returns an access token of a partner."""
    form = {"grant_type": "client_credentials", "client_id": partner["client_id"], "client_secret": partner["client_secret"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = Connection(host, port).request("POST", TOKEN, urllib.parse.urlencode(form), headers)
    if answer is None or answer.status != 200:
        raise RuntimeError(f"no access token: {answer}")
    return json.loads(answer.body)["access_token"]


class Ledger:
    """The responses to all clients. `excused` returns whether the server was expected to be down when a connection broke."""

    def __init__(self, excused=lambda moment: False):
        self.lock, self.excused = threading.Lock(), excused
        self.acknowledged, self.answers, self.wrong = {}, collections.Counter(), []
        # (begun, ended, status); 0 is a broken connection.
        self.log = []

    def note(self, begun, answer, what):
        """Records a response; reports unexpected ones."""
        ended, status = time.monotonic(), answer.status if answer else 0
        with self.lock:
            self.answers[status] += 1
            self.log.append((begun, ended, status))
        if status == 0 and not self.excused(ended):
            self.complain(f"{what}: the connection broke after {ended - begun:.2f} s")
        if status in (429, 503) and not answer.headers.get("Retry-After"):
            self.complain(f"{what}: {status} without Retry-After: {answer.body[:200]}")
        if status not in (0, 200, 201, 302, 303, 429, 503):
            self.complain(f"{what}: {status}: {answer.body[:200]}")

    def complain(self, what):
        """Records an error."""
        with self.lock:
            self.wrong.append(what)

    def acknowledge(self, identifier, link):
        """Records a 201 response. The same id must always return the same link."""
        with self.lock:
            if self.acknowledged.setdefault(identifier, link) != link:
                self.wrong.append(f"{identifier}: a different link than before")

    def since(self, moment):
        """Returns the requests that began or ended since then."""
        with self.lock:
            return [entry for entry in self.log if entry[1] >= moment]


class Clients:
    """Threads that push, repeat pushes and request statuses, each at a given pace, until stopped."""

    def __init__(self, ledger, targets, bearer, prefix, pace, seed=0):
        self.ledger, self.prefix, self.pace = ledger, prefix, pace
        self.headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self._run, args=(number, *target, random.Random(f"{seed}-{number}")), daemon=True)
            for number, target in enumerate(targets)
        ]
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Stops the threads and waits for requests in progress."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(TIMEOUT + 5)
            if thread.is_alive():
                self.ledger.complain("a client is still waiting for a response")

    def _run(self, client, host, port, chance):
        connection, mine, count = Connection(host, port), [], 0
        while not self.stopping.is_set():
            started = time.monotonic()
            kind = chance.random()
            if kind < 0.1 and mine:
                self.push(connection, chance.choice(mine))
            elif kind < 0.2 and mine:
                self.ask(connection, chance.sample(mine, min(30, len(mine))))
            else:
                identifier, count = f"{self.prefix}-{client}-{count}", count + 1
                # Retries until it is acknowledged: a rejected or broken push may have been stored,
                # and must not be stored twice.
                while not self.push(connection, identifier) and not self.stopping.wait(AGAIN):
                    pass
                if identifier in self.ledger.acknowledged:
                    mine.append(identifier)
            self.stopping.wait(max(0, self.pace - (time.monotonic() - started)))
        connection.close()

    def push(self, connection, identifier):
        """Pushes once; returns whether it was acknowledged."""
        begun = time.monotonic()
        answer = connection.request("POST", PUSH, json.dumps(career(identifier)), self.headers)
        self.ledger.note(begun, answer, f"push {identifier}")
        if answer and answer.status == 201:
            self.ledger.acknowledge(identifier, json.loads(answer.body)["redirect_uri"])
            return True
        return False

    def ask(self, connection, identifiers):
        """Requests statuses; all of them must be known."""
        begun = time.monotonic()
        answer = connection.request("POST", STATUSES, json.dumps({"ids": identifiers}), self.headers)
        self.ledger.note(begun, answer, "statuses")
        if answer and answer.status == 200:
            known = {status["id"] for status in json.loads(answer.body)["credentials"]}
            if missing := set(identifiers) - known:
                self.ledger.complain(f"acknowledged but unknown: {sorted(missing)[:5]}")


def check_all(ledger, targets, bearer):
    """Pushes every acknowledged id again with several clients; each must return its link. Returns the duration."""
    begun, identifiers = time.monotonic(), list(ledger.acknowledged)
    clients = Clients(ledger, [], bearer, "", 0)
    shares = [(target, identifiers[number :: len(targets)]) for number, target in enumerate(targets)]

    def check(target, share):
        connection = Connection(*target)
        for identifier in share:
            for _ in range(50):
                if clients.push(connection, identifier):
                    break
                time.sleep(AGAIN)
            else:
                ledger.complain(f"{identifier}: cannot be pushed again")

    threads = [threading.Thread(target=check, args=one, daemon=True) for one in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begun
