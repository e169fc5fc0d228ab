"""The calls of the API, for both clients."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional
from urllib.parse import quote

from . import types
from ._core import Call

ADD = "/api/partner/v2/add/requests"
SUBMISSIONS = "/api/partner/v2/submissions"
REQUESTS = "/api/partner/v2/verify/requests"
WEBHOOKS = "/api/partner/v2/webhooks"
# Most ids that one status request takes.
_IDS_PER_REQUEST = 30


def _segment(value: str) -> str:
    # URLs are normalized before they are sent: "." and ".." would lead to another operation.
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be an id in a URL")
    return quote(value, safe="")


def _post(path: str, body: Any, key: Optional[str], dry_run: bool = False) -> Call[Any]:
    headers = {} if key is None else {"idempotency-key": key}
    query = {"dry_run": "true"} if dry_run else {}
    return Call("POST", path, json=body, headers=headers, query=query, keyed=True)


def push(
    type: types.CredentialType, body: types.Submission, key: Optional[str]
) -> Call[types.PushResult]:
    return _post(f"{ADD}/{_segment(type)}", body, key)


def dry_run(type: types.CredentialType, body: types.Submission) -> Call[types.DryRunResult]:
    return _post(f"{ADD}/{_segment(type)}", body, None, dry_run=True)


def push_batch(batch: types.Batch, key: Optional[str]) -> Call[types.PushResult]:
    return _post(f"{ADD}/batch", batch, key)


def dry_run_batch(batch: types.Batch) -> Call[types.DryRunResult]:
    return _post(f"{ADD}/batch", batch, None, dry_run=True)


def upload(link: types.UploadLink, document: bytes) -> Call[None]:
    headers = {"content-type": link["content_type"]}
    return Call("PUT", link["upload_url"], content=document, headers=headers, authorized=False)


def status(credential_id: str) -> Call[types.SubmissionStatus]:
    return Call("GET", f"{SUBMISSIONS}/{_segment(credential_id)}/status")


def statuses(credential_ids: Iterable[str]) -> List[Call[types.Statuses]]:
    ids = list(dict.fromkeys(credential_ids))
    groups = [ids[n : n + _IDS_PER_REQUEST] for n in range(0, len(ids), _IDS_PER_REQUEST)]
    return [Call("POST", f"{SUBMISSIONS}/status", json={"ids": group}) for group in groups]


def joined(answers: Iterable[types.Statuses]) -> types.Statuses:
    every: types.Statuses = {"credentials": [], "not_found": []}
    for answer in answers:
        every["credentials"] += answer["credentials"]
        every["not_found"] += answer["not_found"]
    return every


def withdraw(
    type: types.CredentialType, credential_id: str, reason: str, key: Optional[str]
) -> Call[None]:
    # By POST, because some gateways drop the body of a DELETE.
    path = f"{ADD}/{_segment(type)}/{_segment(credential_id)}/withdraw"
    return _post(path, {"reason": reason}, key)


def page(path: str, query: Mapping[str, Any], cursor: Any) -> Call[Any]:
    return Call("GET", path, query={**query, "cursor": cursor})


def create_request(
    type: types.CredentialType, body: types.VerificationRequest, key: Optional[str]
) -> Call[types.VerificationLink]:
    return _post(f"{REQUESTS}/{_segment(type)}", body, key)


def result(request_id: str) -> Call[types.VerificationResult]:
    return Call("GET", f"{REQUESTS}/{_segment(request_id)}")


def verify_token(
    token: str, audience: Optional[str], nonce: Optional[str]
) -> Call[types.TokenReport]:
    expected = {"audience": audience, "nonce": nonce}
    body = {"token": token, **{name: v for name, v in expected.items() if v is not None}}
    return Call("POST", "/api/partner/v2/verify/token", json=body)


def webhook_path(id: str) -> str:
    return f"{WEBHOOKS}/{_segment(id)}"


def create_webhook(body: types.NewWebhook, key: Optional[str]) -> Call[types.WebhookWithSecret]:
    return _post(WEBHOOKS, body, key)


def list_webhooks() -> Call[Any]:
    return Call("GET", WEBHOOKS)


def get_webhook(id: str) -> Call[types.Webhook]:
    return Call("GET", webhook_path(id))


def update_webhook(id: str, change: types.WebhookChange) -> Call[types.Webhook]:
    return Call("PUT", webhook_path(id), json=change)


def delete_webhook(id: str) -> Call[None]:
    return Call("DELETE", webhook_path(id))


def rotate_secret(id: str) -> Call[types.WebhookWithSecret]:
    return Call("PUT", f"{webhook_path(id)}/secret", repeatable=False)


def send_test(id: str, key: Optional[str]) -> Call[Any]:
    return _post(f"{webhook_path(id)}/test", None, key)


def replay(id: str, event_id: str, key: Optional[str]) -> Call[None]:
    return _post(f"{webhook_path(id)}/deliveries/{_segment(event_id)}/replay", None, key)


def replay_all(id: str, selection: types.Replay, key: Optional[str]) -> Call[Any]:
    return _post(f"{webhook_path(id)}/replay", selection, key)


def simulate(event: types.SimulatedEvent, key: Optional[str]) -> Call[types.SimulatedResult]:
    return _post("/api/partner/v2/sandbox/events", event, key)


def filters(
    type: Optional[types.CredentialType],
    status: Optional[types.Status],
    created_after: Optional[str],
    created_before: Optional[str],
    limit: Optional[int],
) -> Dict[str, Any]:
    period = {"created_after": created_after, "created_before": created_before}
    return {"type": type, "status": status, **period, "limit": limit}
