import type { components } from "./generated.js";

/** One error of a request body. */
export type FieldError = components["schemas"]["FieldError"];

/** What is known about an error response. */
export interface ErrorResponse {
  status: number;
  /** The kind of error, a URL that documents it. */
  type?: string | undefined;
  title?: string | undefined;
  /** What happened and what to do. */
  detail?: string | undefined;
  /** The id of the request; quote it when asking for help. */
  requestId?: string | undefined;
  errors?: FieldError[] | undefined;
  /** Seconds to wait, from `Retry-After`. */
  retryAfter?: number | undefined;
}

/** Base of every error that this library throws. */
export class TenureError extends Error {
  override name = "TenureError";
}

/** No response: the connection failed, or the request timed out. The outcome may be unknown. */
export class NetworkError extends TenureError {
  override name = "NetworkError";
}

/** A response other than 2xx. `errors` lists every error of the body with its JSON Pointer. */
export class ApiError extends TenureError {
  override name = "ApiError";
  readonly status: number;
  readonly type: string | undefined;
  readonly title: string | undefined;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldError[];
  readonly retryAfter: number | undefined;

  constructor(response: ErrorResponse) {
    super(describe(response));
    this.status = response.status;
    this.type = response.type;
    this.title = response.title;
    this.detail = response.detail;
    this.requestId = response.requestId;
    this.errors = response.errors ?? [];
    this.retryAfter = response.retryAfter;
  }

  /** The code of the first field error, such as `date.format`. */
  get code(): string | undefined {
    return this.errors[0]?.code;
  }

  /** Returns the errors at this JSON Pointer or below it. */
  errorsAt(pointer: string): FieldError[] {
    return this.errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
  }
}

/** 400 or 422: the request is not valid. */
export class ValidationError extends ApiError {
  override name = "ValidationError";
}

/** 401: the client id, secret or token is not valid. */
export class AuthenticationError extends ApiError {
  override name = "AuthenticationError";
}

/** 403: the client lacks a scope, or the operation is for other clients. */
export class PermissionDeniedError extends ApiError {
  override name = "PermissionDeniedError";
}

/** 404: the id is unknown or another partner's. */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** 409: the id, key or state does not allow the request. */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}

/** 429: too many requests, also after the retries. */
export class RateLimitError extends ApiError {
  override name = "RateLimitError";
}

/** 5xx: the server failed or is overloaded, also after the retries. */
export class ServerError extends ApiError {
  override name = "ServerError";
}

/** An error of the token endpoint (RFC 6749, section 5.2). */
export class OAuthError extends AuthenticationError {
  override name = "OAuthError";
  /** For example `invalid_client` or `invalid_scope`. */
  readonly error: string;

  constructor(error: string, response: ErrorResponse) {
    super({ title: error, ...response });
    this.error = error;
  }
}

/** A webhook delivery that must not be trusted. `reason` says why. */
export class WebhookVerificationError extends TenureError {
  override name = "WebhookVerificationError";
  readonly reason: "missing_header" | "timestamp" | "signature" | "body";

  constructor(reason: WebhookVerificationError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

function describe({ status, title, detail, errors = [], requestId }: ErrorResponse): string {
  const shown = errors.slice(0, 3).map((error) => {
    const cure = error.suggestion === undefined ? "" : ` (did you mean ${JSON.stringify(error.suggestion)}?)`;
    return `${error.pointer || "body"}: ${error.message}${cure}`;
  });
  if (errors.length > shown.length) shown.push(`${errors.length - shown.length} more`);
  const text = shown.length > 0 ? shown.join("; ") : detail;
  const id = requestId === undefined ? "" : ` (request ${requestId})`;
  return `${status} ${title ?? "error"}${text === undefined ? "" : `: ${text}`}${id}`;
}

const BY_STATUS: Record<number, typeof ApiError> = {
  400: ValidationError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: ValidationError,
  429: RateLimitError,
};

/** Creates the error for a response that is not 2xx. */
export function errorOf(response: Response, body: string, nowMs: number): ApiError {
  const fields: Record<string, unknown> = parsed(body);
  const text = (name: string) => (typeof fields[name] === "string" ? (fields[name] as string) : undefined);
  const known: ErrorResponse = {
    status: response.status,
    requestId: text("request_id") ?? response.headers.get("x-request-id") ?? undefined,
    retryAfter: retryAfter(response.headers, nowMs),
  };
  const oauth = text("error");
  const failed = response.status >= 500 || response.status === 429;
  if (oauth !== undefined && !failed) {
    return new OAuthError(oauth, { ...known, detail: text("error_description") });
  }
  const errors = Array.isArray(fields["errors"]) ? (fields["errors"] as FieldError[]) : [];
  const detail = text("detail") ?? text("error_description") ?? notOurs(response, body);
  const Kind = BY_STATUS[response.status] ?? (response.status >= 500 ? ServerError : ApiError);
  return new Kind({ ...known, type: text("type"), title: text("title") ?? oauth, detail, errors });
}

/** Returns the seconds of a `Retry-After` header: a number, or an HTTP date. */
export function retryAfter(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - nowMs) / 1000);
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

// Proxies send their own pages, and a wrong base URL leads to another server.
function notOurs(response: Response, body: string): string | undefined {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    return "redirects are not followed, because a token must not reach another server; check the base URL";
  }
  return body.trim().slice(0, 200) || undefined;
}
