"""The path of a newcomer against a running server.

scripts/clients starts it and sets the environment; without it these tests are skipped.
"""

from __future__ import annotations

import os
import threading
import time
import unittest
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, List, Optional, TypeVar

from tenure_partner import (
    AsyncTenurePartner,
    NotFoundError,
    OAuthError,
    SeenEvents,
    TenurePartner,
    ValidationError,
    WebhookVerificationError,
    verify_webhook,
)
from tenure_partner.types import WebhookEvent

from .support import career

T = TypeVar("T")
URL = os.environ.get("TENURE_URL", "")
CLIENT_ID = os.environ.get("CLIENT_ID", "-")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "-")
PERSON = "consents+python@sandbox.invalid"


def until(what: str, check: Callable[[], Optional[T]]) -> T:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = check()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {what} within 30 seconds")


class Receiver:
    """A webhook receiver on this machine."""

    def __init__(self) -> None:
        self.events: List[WebhookEvent] = []
        self.secret = ""
        seen = SeenEvents()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    event = verify_webhook(body, dict(self.headers), receiver.secret)
                except WebhookVerificationError:
                    self.send_response(400)
                else:
                    if seen.is_new(event):
                        receiver.events.append(event)
                    self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def received(self, **wanted: str) -> WebhookEvent:
        def find() -> Optional[WebhookEvent]:
            for event in self.events:
                if wanted.items() <= event.items():
                    return event
            return None

        return until("webhook", find)


@unittest.skipUnless(URL, "TENURE_URL is not set: run scripts/clients")
class RunningServer(unittest.TestCase):
    def setUp(self) -> None:
        self.tenure = TenurePartner(URL, CLIENT_ID, CLIENT_SECRET)
        self.addCleanup(self.tenure.close)

    def test_a_new_partner_pushes_waits_and_requests_a_verification(self) -> None:
        started = time.monotonic()
        tenure, receiver = self.tenure, Receiver()
        self.addCleanup(receiver.stop)
        webhook = tenure.webhooks.create(
            {"url": receiver.url, "events": ["atsp_request.verified", "vwsp_request.verified"]}
        )
        self.addCleanup(tenure.webhooks.delete, webhook["id"])
        receiver.secret = webhook["secret"]

        credential_id = f"EMP-{uuid.uuid4()}"
        pushed = tenure.submissions.push(
            "career_history", {**career(credential_id), "notify": {"email": PERSON}}
        )
        self.assertTrue(pushed["redirect_uri"].startswith(f"{URL}/partner/add/careerHistory#"))
        accepted = receiver.received(credential_id=credential_id, type="atsp_request.verified")
        self.assertEqual(tenure.submissions.status(credential_id)["status"], "verified")

        asked = tenure.verifications.create(
            "career_history", {"purpose": "A test", "sandbox_person": PERSON}
        )
        told = receiver.received(request_id=asked["request_id"], type="vwsp_request.verified")
        result = tenure.verifications.result(asked["request_id"])
        verification, credential = result["verification"], result["credential"]
        assert verification is not None and credential is not None
        self.assertTrue(verification["valid"])
        self.assertEqual(credential["full_name"], "Ada Example")
        presentation = verification["presentation"]
        assert presentation is not None
        self.assertTrue(tenure.verifications.verify_token(presentation["token"])["valid"])
        print(f"from the token to the verified result: {time.monotonic() - started:.3f} s")
        deliveries = tenure.webhooks.deliveries(webhook["id"], limit=1)
        found = {delivery["event_id"] for delivery in deliveries}
        self.assertLessEqual({accepted["event_id"], told["event_id"]}, found)

        for _ in range(2):
            tenure.submissions.withdraw("career_history", credential_id, "Sent by mistake")
        self.assertEqual(tenure.submissions.status(credential_id)["reason"], "withdrawn")

    def test_a_batch_is_pushed_and_its_document_is_uploaded(self) -> None:
        credential_id = str(uuid.uuid4())
        pushed = self.tenure.submissions.push_batch(
            {
                "credential_id": credential_id,
                "education_items": [
                    {
                        "credential_id": str(uuid.uuid4()),
                        "fields": {
                            "full_name": "Ada Example",
                            "education_provider": "University of Example",
                            "course_name": "Commerce",
                            "conferral_year": "2022",
                        },
                        "assets": [{"asset_id": "testamur", "asset_type": "pdf"}],
                    }
                ],
            }
        )
        [link] = pushed["assets"]
        self.tenure.submissions.upload(link, Path(os.environ["SAMPLE_PDF"]).read_bytes())
        [item] = self.tenure.submissions.status(credential_id)["items"]
        self.assertEqual([asset["state"] for asset in item["assets"]], ["stored"])

    def test_more_than_30_statuses_are_read_at_once(self) -> None:
        credential_id = f"EMP-{uuid.uuid4()}"
        self.tenure.submissions.push("career_history", career(credential_id))
        unknown = [str(uuid.uuid4()) for _ in range(45)]
        statuses = self.tenure.submissions.statuses([*unknown, credential_id])
        self.assertEqual([found["id"] for found in statuses["credentials"]], [credential_id])
        self.assertEqual(statuses["not_found"], unknown)

    def test_lists_name_what_was_pushed_and_requested(self) -> None:
        ids = [f"EMP-{uuid.uuid4()}" for _ in range(3)]
        for credential_id in ids:
            self.tenure.submissions.push("career_history", career(credential_id))
        asked = self.tenure.verifications.create("career_history")
        listed = self.tenure.submissions.list(type="career_history", status="incomplete", limit=1)
        found = [submission["id"] for submission in listed if submission["id"] in ids]
        self.assertEqual(found, ids[::-1])
        requests = self.tenure.verifications.list(limit=1)
        self.assertIn(asked["request_id"], [request["request_id"] for request in requests])

    def test_errors_have_their_type_code_and_pointer(self) -> None:
        body = career("EMP-1")
        body["fields"]["employment"][0]["start_date"] = "03/2018"
        with self.assertRaises(ValidationError) as raised:
            self.tenure.submissions.dry_run("career_history", body)
        error = raised.exception
        self.assertEqual(error.code, "date.format")
        self.assertEqual(error.errors[0]["pointer"], "/fields/employment/0/start_date")
        self.assertIsNotNone(error.request_id)
        with self.assertRaises(NotFoundError):
            self.tenure.submissions.status(str(uuid.uuid4()))
        with TenurePartner(URL, CLIENT_ID, "wrong") as stranger, self.assertRaises(OAuthError) as refused:
            stranger.submissions.status("EMP-1")
        self.assertEqual(refused.exception.error, "invalid_client")


@unittest.skipUnless(URL, "TENURE_URL is not set: run scripts/clients")
class RunningServerAsync(unittest.IsolatedAsyncioTestCase):
    async def test_a_push_and_its_status(self) -> None:
        credential_id = f"EMP-{uuid.uuid4()}"
        async with AsyncTenurePartner(URL, CLIENT_ID, CLIENT_SECRET) as tenure:
            await tenure.submissions.push("career_history", career(credential_id))
            status = await tenure.submissions.status(credential_id)
        self.assertEqual(status["status"], "incomplete")
