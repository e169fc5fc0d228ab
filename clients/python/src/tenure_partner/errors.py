"""Errors of this library. `TenureError` is the base of them all."""

from __future__ import annotations

import json
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Type, cast

from .generated import FieldError


class TenureError(Exception):
    """Base of every error that this library raises."""


class NetworkError(TenureError):
    """No response: the connection failed or timed out. The outcome may be unknown."""


class WebhookVerificationError(TenureError):
    """A webhook delivery that must not be trusted.

    `reason` is "missing_header", "timestamp", "signature" or "body".
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ApiError(TenureError):
    """A response other than 2xx. `errors` lists every error of the body with its JSON Pointer."""

    def __init__(
        self,
        status: int,
        *,
        type: Optional[str] = None,
        title: Optional[str] = None,
        detail: Optional[str] = None,
        request_id: Optional[str] = None,
        errors: Sequence[FieldError] = (),
        retry_after: Optional[float] = None,
    ) -> None:
        self.status = status
        self.type = type
        self.title = title
        # What happened and what to do.
        self.detail = detail
        # The id of the request; quote it when asking for help.
        self.request_id = request_id
        self.errors = list(errors)
        # Seconds to wait, from `Retry-After`.
        self.retry_after = retry_after
        super().__init__(self._describe())

    @property
    def code(self) -> Optional[str]:
        """The code of the first field error, such as "date.format"."""
        return self.errors[0]["code"] if self.errors else None

    def errors_at(self, pointer: str) -> List[FieldError]:
        """Returns the errors at this JSON Pointer or below it."""
        below = pointer + "/"
        return [e for e in self.errors if e["pointer"] == pointer or e["pointer"].startswith(below)]

    def _describe(self) -> str:
        shown = []
        for error in self.errors[:3]:
            suggestion = error.get("suggestion")
            cure = "" if suggestion is None else f" (did you mean {json.dumps(suggestion)}?)"
            shown.append(f"{error['pointer'] or 'body'}: {error['message']}{cure}")
        if len(self.errors) > len(shown):
            shown.append(f"{len(self.errors) - len(shown)} more")
        text = "; ".join(shown) or self.detail
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.title or 'error'}{f': {text}' if text else ''}{request}"


class ValidationError(ApiError):
    """400 or 422: the request is not valid."""


class AuthenticationError(ApiError):
    """401: the client id, secret or token is not valid."""


class PermissionDeniedError(ApiError):
    """403: the client lacks a scope, or the operation is for other clients."""


class NotFoundError(ApiError):
    """404: the id is unknown or another partner's."""


class ConflictError(ApiError):
    """409: the id, key or state does not allow the request."""


class RateLimitError(ApiError):
    """429: too many requests, also after the retries."""


class ServerError(ApiError):
    """5xx: the server failed or is overloaded, also after the retries."""


class OAuthError(AuthenticationError):
    """An error of the token endpoint (RFC 6749, section 5.2). `error` is its code."""

    error = ""


_BY_STATUS: Dict[int, Type[ApiError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}


def error_of(status: int, headers: Mapping[str, str], body: str, now: float) -> ApiError:
    """Creates the error for a response that is not 2xx."""
    fields = _parsed(body)

    def text(name: str) -> Optional[str]:
        value = fields.get(name)
        return value if isinstance(value, str) else None

    oauth = text("error")
    request_id = text("request_id") or headers.get("x-request-id")
    wait = retry_after(headers, now)
    if oauth is not None and status < 500 and status != 429:
        detail = text("error_description")
        failed = OAuthError(status, title=oauth, detail=detail, request_id=request_id)
        failed.error = oauth
        return failed
    errors = fields.get("errors")
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    return kind(
        status,
        type=text("type"),
        title=text("title") or oauth,
        detail=text("detail") or text("error_description") or _not_ours(status, body),
        request_id=request_id,
        errors=cast(List[FieldError], errors) if isinstance(errors, list) else (),
        retry_after=wait,
    )


def retry_after(headers: Mapping[str, str], now: float) -> Optional[float]:
    """Returns the seconds of a `Retry-After` header: a number, or an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, at.timestamp() - now)


def _parsed(body: str) -> Dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _not_ours(status: int, body: str) -> Optional[str]:
    # Proxies send their own pages, and a wrong base URL leads to another server.
    if 300 <= status < 400:
        return (
            "redirects are not followed, because a token must not reach another server; "
            "check the base URL"
        )
    return body.strip()[:200] or None
