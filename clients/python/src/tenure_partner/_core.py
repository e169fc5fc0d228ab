"""What both clients do between a call and its result, without I/O.

`Core.steps` is a generator: it yields what to send and how long to sleep, and is given the
outcome of each. The clients differ only in how they carry out a step.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Generator,
    Generic,
    Mapping,
    Optional,
    TypeVar,
    Union,
)
from urllib.parse import urlencode, urlsplit

from .errors import ApiError, NetworkError, error_of, retry_after

VERSION = "0.1.0"
# 502 and 504 come from proxies in front of the server.
_RETRIED = frozenset({429, 502, 503, 504})
# A token is renewed when a tenth of its life is left, but at most this early.
_EARLY_SECONDS = 60.0
# The life of a token whose response does not say it.
_ASSUMED_LIFE_SECONDS = 300.0

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast calls are retried. Times are in seconds."""

    # Attempts of one call in total.
    max_attempts: int = 5
    # The first wait; later ones double.
    base_delay: float = 0.5
    max_delay: float = 20.0
    # A `Retry-After` above this ends the call with the error.
    max_retry_after: float = 60.0


@dataclass(frozen=True)
class Runtime:
    """Time and randomness. Tests replace them."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    async_sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    uuid: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call, before it becomes one or more requests. `T` is the type of its JSON response."""

    method: str
    # A path below the base URL, or a whole URL.
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: Optional[bytes] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # Whether a repeat has no further effect. Other calls are repeated only after 429, because
    # then the server did nothing.
    repeatable: bool = True
    # Whether the call needs an access token.
    authorized: bool = True
    # Whether the call gets an idempotency key, which makes repeats safe.
    keyed: bool = False


@dataclass(frozen=True)
class Send:
    """A request to send."""

    method: str
    url: str
    headers: Dict[str, str]
    content: Optional[bytes]


@dataclass(frozen=True)
class Sleep:
    """A wait before the next attempt."""

    seconds: float


@dataclass(frozen=True)
class Received:
    """A response with its whole body."""

    status: int
    headers: Mapping[str, str]
    body: str


Outcome = Union[Received, NetworkError, None]
Steps = Generator[Union[Send, Sleep], Outcome, Received]


@dataclass
class Token:
    """An access token."""

    value: str
    renew_at: float


class Core:
    """The settings of a client, and its decisions."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        scope: Optional[str],
        retries: RetryPolicy,
        runtime: Runtime,
        allow_insecure_http: bool,
    ) -> None:
        # A secret from a file ends with a line break.
        client_id, client_secret = client_id.strip(), client_secret.strip()
        if not client_id or not client_secret:
            raise ValueError("client_id and client_secret are required")
        self.base_url = _checked_base(base_url.strip(), allow_insecure_http)
        self.retries = retries
        self.runtime = runtime
        form = {"grant_type": "client_credentials"}
        form.update(client_id=client_id, client_secret=client_secret)
        if scope:
            form["scope"] = scope
        self._form = urlencode(form).encode("ascii")
        self._token: Optional[Token] = None

    def keyed(self, call: Call[T]) -> Call[T]:
        """Gives a call its idempotency key."""
        if not call.keyed or "idempotency-key" in call.headers:
            return call
        return replace(call, headers={**call.headers, "idempotency-key": self.runtime.uuid()})

    def steps(self, call: Call[Any], token: Optional[str]) -> Steps:
        """Sends a call until it succeeds or must not be repeated."""
        unknown_outcome = False
        attempt = 0
        while True:
            attempt += 1
            outcome = yield self._request(call, token)
            if isinstance(outcome, Received) and 200 <= outcome.status < 300:
                return outcome
            assert outcome is not None
            retried = attempt < self.retries.max_attempts
            retried = retried and _may_repeat(call, outcome, unknown_outcome)
            delay = self._delay(attempt, outcome) if retried else None
            if delay is None:
                raise self._error(outcome)
            if isinstance(outcome, NetworkError) or outcome.status != 429:
                unknown_outcome = True
            yield Sleep(delay)

    def token_call(self) -> Call[Any]:
        """Returns the call that fetches a token."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = "/api/partner/v1/oauth/token"
        return Call("POST", path, content=self._form, headers=headers, authorized=False)

    def current_token(self) -> Optional[str]:
        """Returns the token, unless it is about to expire."""
        token = self._token
        return token.value if token is not None and self.runtime.now() < token.renew_at else None

    def store_token(self, received: Received, asked_at: float) -> str:
        """Keeps a new token."""
        fields = json_of(received)
        value = fields.get("access_token") if isinstance(fields, dict) else None
        if not isinstance(value, str) or not value:
            raise _unexpected(received, "the response has no access_token; check the base URL")
        # RFC 6749 only recommends it, and a gateway may leave it out.
        given = fields.get("expires_in")
        life = float(given) if isinstance(given, (int, float)) else _ASSUMED_LIFE_SECONDS
        renew_at = asked_at + life - min(_EARLY_SECONDS, life / 10)
        self._token = Token(value, renew_at)
        return self._token.value

    def refused_token(self, value: str) -> None:
        """Forgets a token that the server refused, unless it was renewed meanwhile."""
        token = self._token
        if token is not None and token.value == value:
            self._token = None

    def _request(self, call: Call[Any], token: Optional[str]) -> Send:
        headers = {"accept": "application/json", "user-agent": f"tenure-partner-python/{VERSION}"}
        headers.update(call.headers)
        content = call.content
        if call.json is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(call.json, ensure_ascii=False, allow_nan=False).encode("utf-8")
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        whole = call.path.startswith(("http://", "https://"))
        url = call.path if whole else self.base_url + call.path
        query = urlencode({name: v for name, v in call.query.items() if v is not None})
        return Send(call.method, f"{url}?{query}" if query else url, headers, content)

    def _error(self, outcome: Union[Received, NetworkError]) -> Exception:
        if isinstance(outcome, NetworkError):
            return outcome
        now = self.runtime.now()
        return error_of(outcome.status, outcome.headers, outcome.body, now)

    def _delay(self, attempt: int, outcome: Union[Received, NetworkError]) -> Optional[float]:
        """Returns the wait, or nothing if the server asks for too long a wait."""
        policy, chance = self.retries, self.runtime.random()
        asked = None
        if isinstance(outcome, Received):
            asked = retry_after(outcome.headers, self.runtime.now())
        if asked is None:
            backoff = min(policy.max_delay, policy.base_delay * float(2 ** (attempt - 1)))
            return backoff * (0.5 + chance / 2)
        # Jitter on top, so that clients that were refused together do not return together.
        return None if asked > policy.max_retry_after else asked + chance * policy.base_delay


def json_of(received: Received) -> Any:
    """Returns the JSON of a 2xx response."""
    try:
        return json.loads(received.body)
    except ValueError:
        raise _unexpected(received, "the response is not JSON; check the base URL") from None


def _unexpected(received: Received, detail: str) -> ApiError:
    return ApiError(
        received.status,
        title="Unexpected response",
        detail=detail,
        request_id=received.headers.get("x-request-id"),
    )


def _may_repeat(
    call: Call[Any], outcome: Union[Received, NetworkError], unknown_outcome: bool
) -> bool:
    if isinstance(outcome, NetworkError):
        return call.repeatable
    if outcome.status == 429:
        return True
    # The first attempt may still run: then the server refuses a repeat of its key.
    if outcome.status == 409:
        return unknown_outcome and "idempotency-key" in call.headers
    return call.repeatable and outcome.status in _RETRIED


def _checked_base(base_url: str, allow_insecure_http: bool) -> str:
    # `urlsplit` removes line breaks, but the connection would refuse them.
    if any(char.isspace() or not char.isprintable() for char in base_url):
        raise ValueError("base_url must have no white space")
    url = urlsplit(base_url)
    host = url.hostname or ""
    loopback = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    plain = url.scheme == "http" and (loopback or allow_insecure_http)
    if not host or not (url.scheme == "https" or plain):
        raise ValueError(
            "base_url must be https, or http on this machine; "
            "allow_insecure_http permits other http URLs"
        )
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("base_url must have no user, query or fragment")
    return base_url.rstrip("/")
