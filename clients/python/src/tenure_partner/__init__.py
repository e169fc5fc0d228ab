"""A client for the Partner API of Tenure, the open career passport."""

from ._core import VERSION as __version__
from ._core import RetryPolicy, Runtime
from .async_client import AsyncTenurePartner
from .client import TenurePartner
from .errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    NetworkError,
    NotFoundError,
    OAuthError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TenureError,
    ValidationError,
    WebhookVerificationError,
)
from .webhooks import SeenEvents, verify_webhook

__all__ = [
    "ApiError",
    "AsyncTenurePartner",
    "AuthenticationError",
    "ConflictError",
    "NetworkError",
    "NotFoundError",
    "OAuthError",
    "PermissionDeniedError",
    "RateLimitError",
    "RetryPolicy",
    "Runtime",
    "SeenEvents",
    "ServerError",
    "TenureError",
    "TenurePartner",
    "ValidationError",
    "WebhookVerificationError",
    "__version__",
    "verify_webhook",
]
