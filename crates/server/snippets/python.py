"""Gets a token, pushes a credential and reads its status:
  TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. python3 python.py
Verifies webhooks, each on a line of timestamp, signature and body:
  WEBHOOK_SECRET=.. python3 python.py webhooks
It uses only the standard library."""

import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen


def get_token(url):
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
    }
    with urlopen(f"{url}/api/partner/v1/oauth/token", urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]  # Valid for an hour; reuse it.


def push(url, token, credential_id, fields):
    body = json.dumps({"credential_id": credential_id, "fields": fields}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/api/partner/v2/add/requests/career_history", body, headers)) as answer:
        return answer.status, json.load(answer)["redirect_uri"]


def get_status(url, token, credential_id):
    path = f"/api/partner/v2/submissions/{quote(credential_id, safe='')}/status"
    with urlopen(Request(url + path, headers={"Authorization": f"Bearer {token}"})) as answer:
        return json.load(answer)["status"]


seen = set()  # Ids of handled events. Store them in your database.


def check_webhook(timestamp, signature, body, secret):
    """Returns accepted, repeated or refused. `body` is the raw body, as received."""
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_fresh = timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp)) <= 900
    if not is_fresh or not hmac.compare_digest(expected.encode(), signature.encode()):
        return "refused"
    event_id = json.loads(body)["event_id"]
    if event_id in seen:
        return "repeated"
    seen.add(event_id)
    return "accepted"


def main():
    if sys.argv[1:] == ["webhooks"]:
        for line in sys.stdin:
            timestamp, signature, body = line.rstrip("\n").split(" ", 2)
            print(check_webhook(timestamp, signature, body.encode(), os.environ["WEBHOOK_SECRET"]))
        return
    url = os.environ["TENURE_URL"]
    token = get_token(url)
    credential_id = f"payroll-{uuid.uuid4()}"  # Your id. A repeated push returns the same link.
    job = {
        "organisation": "Company A",
        "role_title": "Engineer",
        "start_date": "2021-03",
        "last_processed_month": "2024-05",
    }
    print(*push(url, token, credential_id, {"full_name": "Ada Example", "employment": [job]}))
    print(get_status(url, token, credential_id))


if __name__ == "__main__":
    try:
        main()
    except HTTPError as error:
        sys.exit(f"{error.code} {error.read().decode()}")  # Lists every problem of the request.
