"""The client for code without an event loop. Threads may share it."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Type, TypeVar, cast

import httpx

from . import _operations as operations
from . import types
from ._core import Call, Core, Outcome, Received, RetryPolicy, Runtime, Send, Sleep, json_of
from .errors import AuthenticationError, NetworkError, OAuthError

T = TypeVar("T")


class TenurePartner:
    """A client of the Partner API. Create one and share it: its calls share one access token.

    `base_url` is the server, such as "https://passport.example". `scope` is a list of scopes
    separated by spaces and defaults to all that the client has. `timeout` is in seconds, without
    progress. `http_client` replaces the connections, for proxies and tests.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: Optional[str] = None,
        timeout: float = 30.0,
        retries: Optional[RetryPolicy] = None,
        allow_insecure_http: bool = False,
        http_client: Optional[httpx.Client] = None,
        runtime: Optional[Runtime] = None,
    ) -> None:
        self._core = Core(
            base_url,
            client_id,
            client_secret,
            scope,
            retries or RetryPolicy(),
            runtime or Runtime(),
            allow_insecure_http,
        )
        self._timeout = timeout
        self._http = http_client or httpx.Client()
        self._token_lock = threading.Lock()
        self.submissions = Submissions(self)
        self.verifications = Verifications(self)
        self.webhooks = Webhooks(self)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> TenurePartner:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _json(self, call: Call[T]) -> T:
        return cast(T, json_of(self._send(call)))

    def _send(self, call: Call[Any]) -> Received:
        """Sends a call; a token that the server refuses is renewed once."""
        call = self._core.keyed(call)
        if not call.authorized:
            return self._run(call, None)
        token = self._token()
        try:
            return self._run(call, token)
        except OAuthError:
            raise
        except AuthenticationError:
            self._core.refused_token(token)
        return self._run(call, self._token())

    def _token(self) -> str:
        current = self._core.current_token()
        if current is not None:
            return current
        # One thread fetches; the others wait for its token.
        with self._token_lock:
            current = self._core.current_token()
            if current is not None:
                return current
            asked_at = self._core.runtime.now()
            return self._core.store_token(self._run(self._core.token_call(), None), asked_at)

    def _run(self, call: Call[Any], token: Optional[str]) -> Received:
        steps = self._core.steps(call, token)
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                return cast(Received, done.value)
            if isinstance(step, Sleep):
                self._core.runtime.sleep(step.seconds)
                outcome = None
            else:
                outcome = self._carry_out(step)

    def _carry_out(self, step: Send) -> Outcome:
        try:
            response = self._http.request(
                step.method,
                step.url,
                headers=step.headers,
                content=step.content,
                timeout=self._timeout,
                follow_redirects=False,
            )
        except (httpx.RequestError, httpx.InvalidURL) as error:
            failed = NetworkError(f"{step.method} {step.url.split('?')[0]}: {error or repr(error)}")
            failed.__cause__ = error
            return failed
        return Received(response.status_code, response.headers, response.text)

    def _pages(self, path: str, member: str, query: Mapping[str, Any]) -> Iterator[Any]:
        cursor = None
        while True:
            page = self._json(operations.page(path, query, cursor))
            yield from page[member]
            cursor = page.get("next_cursor")
            if cursor is None:
                return


class Submissions:
    """Pushes credentials and reads what became of them."""

    def __init__(self, client: TenurePartner) -> None:
        self._client = client

    def push(
        self,
        type: types.CredentialType,
        body: types.Submission,
        *,
        idempotency_key: Optional[str] = None,
    ) -> types.PushResult:
        """Pushes one credential. A repeat of a `credential_id` returns the same link."""
        return self._client._json(operations.push(type, body, idempotency_key))

    def dry_run(self, type: types.CredentialType, body: types.Submission) -> types.DryRunResult:
        """Validates a push and stores nothing."""
        return self._client._json(operations.dry_run(type, body))

    def push_batch(
        self, batch: types.Batch, *, idempotency_key: Optional[str] = None
    ) -> types.PushResult:
        """Pushes several credentials of one person behind one link, all or none."""
        return self._client._json(operations.push_batch(batch, idempotency_key))

    def dry_run_batch(self, batch: types.Batch) -> types.DryRunResult:
        """Validates a batch and stores nothing."""
        return self._client._json(operations.dry_run_batch(batch))

    def upload(self, link: types.UploadLink, document: bytes) -> None:
        """Uploads a document to a link from the response to a push."""
        self._client._send(operations.upload(link, document))

    def status(self, credential_id: str) -> types.SubmissionStatus:
        """Returns the status of a credential or a batch."""
        return self._client._json(operations.status(credential_id))

    def statuses(self, credential_ids: Iterable[str]) -> types.Statuses:
        """Returns the statuses of any number of ids, by requests of 30 ids each."""
        calls = operations.statuses(credential_ids)
        return operations.joined([self._client._json(call) for call in calls])

    def list(
        self,
        *,
        type: Optional[types.CredentialType] = None,
        status: Optional[types.Status] = None,
        created_after: Optional[str] = None,
        created_before: Optional[str] = None,
        limit: Optional[int] = None,
        credential_id: Optional[str] = None,
    ) -> Iterator[types.SubmissionSummary]:
        """Lists your submissions, newest first. `limit` is the number in one request."""
        query = operations.filters(type, status, created_after, created_before, limit)
        query["credential_id"] = credential_id
        return self._client._pages(operations.SUBMISSIONS, "submissions", query)

    def withdraw(
        self,
        type: types.CredentialType,
        credential_id: str,
        reason: str,
        *,
        idempotency_key: Optional[str] = None,
    ) -> None:
        """Withdraws a credential. The person reads the reason."""
        self._client._send(operations.withdraw(type, credential_id, reason, idempotency_key))


class Verifications:
    """Requests credentials from people, and verifies tokens."""

    def __init__(self, client: TenurePartner) -> None:
        self._client = client

    def create(
        self,
        type: types.CredentialType,
        body: Optional[types.VerificationRequest] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> types.VerificationLink:
        """Creates a verification request: send the person to its `redirect_uri`."""
        call = operations.create_request(type, body or {}, idempotency_key)
        return self._client._json(call)

    def result(self, request_id: str) -> types.VerificationResult:
        """Returns a request with its result, verified again at this moment."""
        return self._client._json(operations.result(request_id))

    def list(
        self,
        *,
        type: Optional[types.CredentialType] = None,
        status: Optional[types.Status] = None,
        created_after: Optional[str] = None,
        created_before: Optional[str] = None,
        limit: Optional[int] = None,
        request_id: Optional[str] = None,
    ) -> Iterator[types.VerificationSummary]:
        """Lists your verification requests, newest first. `limit` is the number in one request."""
        query = operations.filters(type, status, created_after, created_before, limit)
        query["request_id"] = request_id
        return self._client._pages(operations.REQUESTS, "requests", query)

    def verify_token(
        self, token: str, *, audience: Optional[str] = None, nonce: Optional[str] = None
    ) -> types.TokenReport:
        """Verifies a token that you were given. `valid` is the one field to read."""
        return self._client._json(operations.verify_token(token, audience, nonce))


class Webhooks:
    """Registers webhooks, and reads and repeats their deliveries."""

    def __init__(self, client: TenurePartner) -> None:
        self._client = client

    def create(
        self, webhook: types.NewWebhook, *, idempotency_key: Optional[str] = None
    ) -> types.WebhookWithSecret:
        """Registers a webhook. Store the `secret`; it is not shown again."""
        return self._client._json(operations.create_webhook(webhook, idempotency_key))

    def list(self) -> List[types.Webhook]:
        """Returns all of your webhooks."""
        found = self._client._json(operations.list_webhooks())
        return cast("List[types.Webhook]", found["webhooks"])

    def get(self, id: str) -> types.Webhook:
        """Returns one webhook."""
        return self._client._json(operations.get_webhook(id))

    def update(self, id: str, change: types.WebhookChange) -> types.Webhook:
        """Changes a webhook. An absent field stays; None removes a name or description."""
        return self._client._json(operations.update_webhook(id, change))

    def delete(self, id: str) -> None:
        """Deletes a webhook."""
        self._client._send(operations.delete_webhook(id))

    def rotate_secret(self, id: str) -> types.WebhookWithSecret:
        """Replaces the secret; the old one signs for 24 hours more.

        Not retried when the outcome is unknown, because a second rotation would end the first
        secret.
        """
        return self._client._json(operations.rotate_secret(id))

    def send_test(self, id: str, *, idempotency_key: Optional[str] = None) -> str:
        """Sends a `tenure.test` event; returns its id."""
        answer = self._client._json(operations.send_test(id, idempotency_key))
        return str(answer["event_id"])

    def deliveries(
        self, id: str, *, state: Optional[str] = None, limit: Optional[int] = None
    ) -> Iterator[types.Delivery]:
        """Lists deliveries, newest first. `state` is "waiting", "delivered" or "failed"."""
        path = f"{operations.webhook_path(id)}/deliveries"
        return self._client._pages(path, "deliveries", {"state": state, "limit": limit})

    def replay(self, id: str, event_id: str, *, idempotency_key: Optional[str] = None) -> None:
        """Sends one event again."""
        self._client._send(operations.replay(id, event_id, idempotency_key))

    def replay_all(
        self, id: str, selection: types.Replay, *, idempotency_key: Optional[str] = None
    ) -> int:
        """Sends the events of a period again; returns their number."""
        answer = self._client._json(operations.replay_all(id, selection, idempotency_key))
        return int(answer["replayed"])

    def simulate(
        self, event: types.SimulatedEvent, *, idempotency_key: Optional[str] = None
    ) -> types.SimulatedResult:
        """Sandbox partners only: sends an event that did not happen to your webhooks."""
        return self._client._json(operations.simulate(event, idempotency_key))
