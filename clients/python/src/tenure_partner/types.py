"""Types of bodies and results, under the names that a caller uses."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict, Union

from . import generated
from .generated import EventType, FieldError

__all__ = [
    "Batch",
    "CredentialType",
    "Delivery",
    "DryRunResult",
    "EventType",
    "FieldError",
    "NewWebhook",
    "PushResult",
    "Replay",
    "SimulatedEvent",
    "SimulatedResult",
    "Status",
    "Statuses",
    "Submission",
    "SubmissionStatus",
    "SubmissionSummary",
    "TokenReport",
    "UploadLink",
    "VerificationLink",
    "VerificationRequest",
    "VerificationResult",
    "VerificationSummary",
    "Warning",
    "Webhook",
    "WebhookChange",
    "WebhookEvent",
    "WebhookWithSecret",
]

CredentialType = Literal[
    "career_history",
    "digital_identity",
    "education",
    "english_proficiency",
    "microcredential",
    "right_to_work",
    "universal_credential",
]
Status = Literal["incomplete", "verified", "canceled"]

Submission = Union[
    generated.AddCareerHistoryBody,
    generated.AddDigitalIdentityBody,
    generated.AddEducationBody,
    generated.AddEnglishProficiencyBody,
    generated.AddMicrocredentialBody,
    generated.AddRightToWorkBody,
    generated.AddUniversalCredentialBody,
]
VerificationRequest = Union[
    generated.CreateCareerHistoryVerificationRequestBody,
    generated.CreateDigitalIdentityVerificationRequestBody,
    generated.CreateEducationVerificationRequestBody,
    generated.CreateEnglishProficiencyVerificationRequestBody,
    generated.CreateMicrocredentialVerificationRequestBody,
    generated.CreateRightToWorkVerificationRequestBody,
    generated.CreateUniversalCredentialVerificationRequestBody,
]
Batch = generated.AddBatchBody
UploadLink = generated.UploadLink
SubmissionStatus = generated.GetSubmissionStatusResponse
Statuses = generated.ListSubmissionStatusesResponse
VerificationLink = generated.CreateCareerHistoryVerificationRequestResponse
VerificationResult = generated.GetVerificationResultResponse
TokenReport = generated.VerifyTokenResponse
NewWebhook = generated.CreateWebhookBody
WebhookChange = generated.UpdateWebhookBody
Webhook = generated.GetWebhookResponse
WebhookWithSecret = generated.CreateWebhookResponse
Delivery = generated.DeliveryAnswer
Replay = generated.ReplayWebhookDeliveriesBody
SimulatedEvent = generated.SimulateEventBody
SimulatedResult = generated.SimulateEventResponse


class Warning(TypedDict):
    """A warning about a successful request."""

    code: str
    message: str


class _PushResultRequired(TypedDict):
    # The link to send the person to.
    redirect_uri: str
    credential_id: str
    request_id: str


class PushResult(_PushResultRequired, total=False):
    """A push that was accepted."""

    # Upload links for the documents that you declared as uploads.
    assets: List[UploadLink]
    # An offer for the person's own wallet app (OpenID4VCI).
    credential_offer_uri: str
    # "verified" if no decision is needed.
    status: str
    warnings: List[Warning]


class DryRunItem(TypedDict):
    """An item of a batch that would be accepted."""

    credential_id: str
    credential_type: CredentialType
    headline: str


class _DryRunResultRequired(TypedDict):
    dry_run: bool
    credential_id: str


class DryRunResult(_DryRunResultRequired, total=False):
    """A push that would be accepted."""

    # One line that summarizes a single credential, as hirers see it.
    headline: str
    # The items of a batch.
    items: List[DryRunItem]
    warnings: List[Warning]


class _SummaryRequired(TypedDict):
    request_id: str
    type: CredentialType
    status: Status
    created_at: str
    # None while it is "incomplete".
    finalized_at: Optional[str]


class VerificationSummary(_SummaryRequired, total=False):
    """A verification request in a list. It has no personal data."""

    # Why it was canceled.
    reason: str


class _SubmissionSummaryRequired(_SummaryRequired):
    # Your `credential_id`.
    id: str


class SubmissionSummary(_SubmissionSummaryRequired, total=False):
    """A submission in a list. It has no personal data."""

    # Why it was canceled.
    reason: str


class _WebhookEventRequired(TypedDict):
    event_id: str
    request_id: str
    # An `EventType`, or "tenure.test".
    type: str
    created_at: str


class WebhookEvent(_WebhookEventRequired, total=False):
    """An event that a webhook receives. It is a reason to fetch the state, not a result."""

    # Your id of the credential, for `atsp_request` events.
    credential_id: str
    # Why it was canceled.
    reason: str
