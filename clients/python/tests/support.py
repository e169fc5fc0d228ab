"""A client with a scripted server: no network, no waiting, and time that tests move."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Union

import httpx

from tenure_partner import AsyncTenurePartner, RetryPolicy, Runtime, TenurePartner
from tenure_partner.generated import AddCareerHistoryBody

Answer = Union[httpx.Response, Exception, Callable[[httpx.Request], httpx.Response]]

BASE = "https://passport.example"
PUSHED = {"redirect_uri": f"{BASE}/partner/add", "credential_id": "EMP-1", "request_id": "1"}
STATUS = {"id": "EMP-1", "status": "incomplete", "finalized_at": None}


def career(credential_id: str) -> AddCareerHistoryBody:
    return {
        "credential_id": credential_id,
        "fields": {
            "full_name": "Ada Example",
            "employment": [
                {
                    "organisation": "Company A",
                    "role_title": "Clerk",
                    "start_date": "2018-03",
                    "last_processed_month": "2026-10",
                }
            ],
        },
    }


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def problem(status: int, errors: Optional[List[Dict[str, str]]] = None, **headers: str) -> httpx.Response:
    body = {"type": f"{BASE}/docs#error", "title": "Title", "status": status, "detail": "Do it."}
    return answer(status, {**body, "request_id": "request-1", "errors": errors or []}, **headers)


class Scene:
    """Collects requests and waits, and returns the given answers in order."""

    def __init__(self, retries: Optional[RetryPolicy] = None) -> None:
        self.calls: List[httpx.Request] = []
        self.waits: List[float] = []
        self.now = 1_795_428_000.0
        self.tokens = 0
        self.token_forms: List[str] = []
        # Replaces the body of the response to a token request.
        self.token_response: Any = None
        self.answers: List[Answer] = []
        self._keys = 0
        self._retries = retries

    def runtime(self) -> Runtime:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return Runtime(
            now=lambda: self.now,
            sleep=self.waits.append,
            async_sleep=sleep,
            random=lambda: 0.0,
            uuid=self._key,
        )

    def client(self, base: str = BASE, id: str = "id", secret: str = "secret") -> TenurePartner:
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        options: Dict[str, Any] = {"retries": self._retries, "runtime": self.runtime()}
        return TenurePartner(base, id, secret, http_client=http, **options)

    def async_client(self) -> AsyncTenurePartner:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        options: Dict[str, Any] = {"retries": self._retries, "runtime": self.runtime()}
        return AsyncTenurePartner(BASE, "id", "secret", http_client=http, **options)

    def keys(self) -> List[Optional[str]]:
        return [call.headers.get("idempotency-key") for call in self.calls]

    def bodies(self) -> List[Any]:
        return [json.loads(call.content) for call in self.calls]

    def paths(self) -> List[str]:
        return [call.url.raw_path.decode() for call in self.calls]

    def _key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/oauth/token"):
            self.tokens += 1
            self.token_forms.append(request.content.decode())
            if self.token_response is not None:
                return answer(200, self.token_response)
            return answer(200, {"access_token": f"token-{self.tokens}", "expires_in": 3600})
        self.calls.append(request)
        if not self.answers:
            raise AssertionError(f"unexpected {request.method} {request.url}")
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx.Response) else given(request)
