from __future__ import annotations

import hashlib
import hmac
import json
import unittest
from typing import Dict, Optional, Sequence, Union

from tenure_partner import SeenEvents, WebhookVerificationError, verify_webhook

SECRET = "6a1f0c4e9b7d2835f4e1a09c8b6d7e52310fa4c9d8e7b6a5f4c3d2e1b0a99887"
NOW = 1_795_428_000
EVENT = {
    "event_id": "event-1",
    "request_id": "r",
    "type": "atsp_request.verified",
    "created_at": "2026-11-25T09:00:00Z",
}
BODY = json.dumps(EVENT).encode()


def mac(timestamp: Union[int, str], body: bytes = BODY, key: str = SECRET) -> str:
    return hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def headers(timestamp: Union[int, str] = NOW, signature: Optional[str] = None) -> Dict[str, str]:
    signed = mac(timestamp) if signature is None else signature
    return {"X-Timestamp": str(timestamp), "X-Signature": signed}


class VerifyWebhook(unittest.TestCase):
    def refused(
        self,
        reason: str,
        sent: Dict[str, str],
        body: bytes = BODY,
        secret: Union[str, Sequence[str]] = SECRET,
    ) -> None:
        with self.subTest(sent=sent), self.assertRaises(WebhookVerificationError) as raised:
            verify_webhook(body, sent, secret, now=NOW)
        self.assertEqual(raised.exception.reason, reason)

    def test_a_signed_delivery_is_accepted(self) -> None:
        lower = {name.lower(): value for name, value in headers().items()}
        for sent in (headers(), lower):
            for body in (BODY, BODY.decode()):
                self.assertEqual(verify_webhook(body, sent, SECRET, now=NOW), EVENT)

    def test_900_seconds_either_way_are_allowed_and_no_more(self) -> None:
        for seconds in (-900, 900):
            verify_webhook(BODY, headers(NOW + seconds), SECRET, now=NOW)
        for timestamp in (NOW - 901, NOW + 901, "soon", f"{NOW}.0", "1e3", "", "\u0661"):
            self.refused("timestamp", headers(timestamp))

    def test_changed_events_and_those_of_another_key_are_rejected(self) -> None:
        good = mac(NOW)
        wrong = (mac(NOW, key="other"), good[1:], good.upper(), good + "0", "", "\u00e9", mac(NOW + 1))
        for signature in wrong:
            self.refused("signature", headers(signature=signature))
        self.refused("signature", headers(), BODY.replace(b"verified", b"canceled"))
        self.refused("missing_header", {})
        self.refused("body", headers(signature=mac(NOW, b"[]")), b"[]")

    def test_during_a_rotation_either_secret_verifies_either_signature(self) -> None:
        sent = headers(signature=mac(NOW, key="new"))
        sent["X-Signature-Previous"] = mac(NOW, key="old")
        for secret in ("new", "old", ["new", "old"], ["unrelated", "old"]):
            self.assertEqual(verify_webhook(BODY, sent, secret, now=NOW)["event_id"], "event-1")
        self.refused("signature", sent, secret="unrelated")

    def test_an_empty_secret_is_an_error(self) -> None:
        empty: Sequence[Union[str, Sequence[str]]] = ("", [], [SECRET, ""])
        for secret in empty:
            with self.assertRaises(ValueError):
                verify_webhook(BODY, headers(signature=mac(NOW, key="")), secret, now=NOW)

    def test_repeated_events_are_recognised_up_to_the_capacity(self) -> None:
        seen = SeenEvents(2)
        events = [{**EVENT, "event_id": id} for id in ("a", "a", "b", "c", "b", "a")]
        found = [seen.is_new(event) for event in events]  # type: ignore[arg-type]
        self.assertEqual(found, [True, False, True, True, False, True])
        seen.forget(events[0])  # type: ignore[arg-type]
        self.assertTrue(seen.is_new(events[0]))  # type: ignore[arg-type]
