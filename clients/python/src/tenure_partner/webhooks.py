"""Verification of webhook deliveries. Needs no client."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections import OrderedDict
from typing import Mapping, Optional, Sequence, Union, cast

from .errors import WebhookVerificationError
from .types import WebhookEvent

__all__ = ["SeenEvents", "WebhookVerificationError", "verify_webhook"]

_TOLERANCE_SECONDS = 900


def verify_webhook(
    body: Union[bytes, str],
    headers: Mapping[str, str],
    secret: Union[str, Sequence[str]],
    *,
    now: Optional[float] = None,
) -> WebhookEvent:
    """Verifies a delivery and returns its event.

    `body` is the raw body: parsing and writing it again changes its bytes. `secret` is the secret
    of the webhook; during a rotation, a list of the new and the old one. `now` is the time in Unix
    seconds and defaults to the present.

    Raises `WebhookVerificationError` for anything that the server did not send within the last 15
    minutes.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    # With an empty key, anyone could sign.
    if not secrets or not all(secrets):
        raise ValueError("the webhook secret is empty")
    found = {name.lower(): value for name, value in headers.items()}
    timestamp = found.get("x-timestamp")
    signatures = [found[name] for name in ("x-signature", "x-signature-previous") if name in found]
    if timestamp is None or not signatures:
        message = "X-Timestamp or X-Signature is missing"
        raise WebhookVerificationError("missing_header", message)
    raw = body.encode("utf-8") if isinstance(body, str) else body
    signed = timestamp.encode("utf-8") + b"." + raw
    if not any(_signed_by(key, signature, signed) for key in secrets for signature in signatures):
        message = "no signature matches; check the secret and that the body is raw"
        raise WebhookVerificationError("signature", message)
    present = time.time() if now is None else now
    in_time = re.fullmatch(r"[0-9]{1,12}", timestamp) is not None
    if not in_time or abs(present - int(timestamp)) > _TOLERANCE_SECONDS:
        message = "X-Timestamp differs from now by more than 900 seconds"
        raise WebhookVerificationError("timestamp", message)
    return _parse(raw)


def _signed_by(secret: str, signature: str, signed: bytes) -> bool:
    expected = hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
    # Compared as bytes, because `compare_digest` refuses text that is not ASCII.
    return hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8"))


def _parse(raw: bytes) -> WebhookEvent:
    try:
        event = json.loads(raw.decode("utf-8"))
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event_id" not in event or "type" not in event:
        raise WebhookVerificationError("body", "the body is signed but is not an event")
    return cast(WebhookEvent, event)


class SeenEvents:
    """Remembers the latest event ids of one process, for all of its threads.

    With several processes, use a unique column of your database instead.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, event: WebhookEvent) -> bool:
        """Returns whether this event is new, and remembers it."""
        with self._lock:
            if event["event_id"] in self._ids:
                return False
            self._ids[event["event_id"]] = None
            if len(self._ids) > self._capacity:
                self._ids.popitem(last=False)
            return True

    def forget(self, event: WebhookEvent) -> None:
        """Forgets an event whose handling failed, so that its retry is handled."""
        with self._lock:
            self._ids.pop(event["event_id"], None)
