"""A webhook receiver that follows the documented rules and uses only the standard library.

Reads its secrets from standard input, one per line, until an empty line; prints its port, and responds to

POST /          200 {"outcome": "accepted" | "repeated"}, or 400 {"outcome": "forged" | "late"}
GET  /accepted  the accepted events, each once, as they were sent: {"headers", "body"} in base64
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ALLOWED_SECONDS = 900


def lines_until_empty(stream):
    for line in stream:
        if not line.strip():
            return
        yield line.strip()


SECRETS = list(lines_until_empty(sys.stdin))
ACCEPTED = {}


def is_late(timestamp):
    return not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > ALLOWED_SECONDS


def is_signed(headers, body):
    message = headers.get("X-Timestamp", "").encode() + b"." + body
    sent = [headers[name] for name in ("X-Signature", "X-Signature-Previous") if name in headers]
    ours = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest() for secret in SECRETS]
    return any([hmac.compare_digest(one, other) for one in sent for other in ours])


def verify(headers, body):
    if not is_signed(headers, body):
        return "forged"
    if is_late(headers.get("X-Timestamp", "")):
        return "late"
    event = json.loads(body)["event_id"]
    if event in ACCEPTED:
        return "repeated"
    ACCEPTED[event] = {"headers": dict(headers), "body": base64.b64encode(body).decode()}
    return "accepted"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        outcome = verify(self.headers, body)
        self.answer(200 if outcome in ("accepted", "repeated") else 400, {"outcome": outcome})

    def do_GET(self):
        self.answer(200, list(ACCEPTED.values()))

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
