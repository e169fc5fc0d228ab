export { type ClientOptions, TenurePartner } from "./client.js";
export {
  ApiError,
  AuthenticationError,
  ConflictError,
  type FieldError,
  NetworkError,
  NotFoundError,
  OAuthError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  TenureError,
  ValidationError,
  WebhookVerificationError,
} from "./errors.js";
export type { components } from "./generated.js";
export { type RetryPolicy, type Runtime, VERSION } from "./transport.js";
export type * from "./types.js";
export { type ReceivedWebhook, SeenEvents, verifyWebhook } from "./webhooks.js";
