import type { components } from "./generated.js";

type Schemas = components["schemas"];

/** The body of a push, by credential type. */
export interface Submissions {
  career_history: Schemas["AddCareerHistoryBody"];
  digital_identity: Schemas["AddDigitalIdentityBody"];
  education: Schemas["AddEducationBody"];
  english_proficiency: Schemas["AddEnglishProficiencyBody"];
  microcredential: Schemas["AddMicrocredentialBody"];
  right_to_work: Schemas["AddRightToWorkBody"];
  universal_credential: Schemas["AddUniversalCredentialBody"];
}

/** The body of a verification request, by credential type. */
export interface VerificationRequests {
  career_history: Schemas["CreateCareerHistoryVerificationRequestBody"];
  digital_identity: Schemas["CreateDigitalIdentityVerificationRequestBody"];
  education: Schemas["CreateEducationVerificationRequestBody"];
  english_proficiency: Schemas["CreateEnglishProficiencyVerificationRequestBody"];
  microcredential: Schemas["CreateMicrocredentialVerificationRequestBody"];
  right_to_work: Schemas["CreateRightToWorkVerificationRequestBody"];
  universal_credential: Schemas["CreateUniversalCredentialVerificationRequestBody"];
}

export type CredentialType = keyof Submissions;
export type Status = "incomplete" | "verified" | "canceled";

/** A push that was accepted: send the person to `redirect_uri`. */
export type PushResult = Schemas["AddCareerHistoryResponse"] & {
  redirect_uri: string;
  credential_id: string;
  request_id: string;
};

/** A push that would be accepted. */
export interface DryRunResult {
  dry_run: true;
  credential_id: string;
  /** One line that summarizes a single credential, as hirers see it. */
  headline?: string;
  /** The items of a batch. */
  items?: { credential_id: string; credential_type: CredentialType; headline: string }[];
  warnings?: Warning[];
}

/** A warning about a successful request. */
export interface Warning {
  code: string;
  message: string;
}

export type Batch = Schemas["AddBatchBody"];
export type UploadLink = NonNullable<PushResult["assets"]>[number];
export type SubmissionStatus = Schemas["GetSubmissionStatusResponse"];
export type Statuses = Schemas["ListSubmissionStatusesResponse"];
export type VerificationLink = Schemas["CreateCareerHistoryVerificationRequestResponse"];
export type VerificationResult = Schemas["GetVerificationResultResponse"];
export type TokenReport = Schemas["VerifyTokenResponse"];
export type EventType = Schemas["EventType"];
export type NewWebhook = Schemas["CreateWebhookBody"];
export type WebhookChange = Schemas["UpdateWebhookBody"];
export type Webhook = Schemas["GetWebhookResponse"];
export type WebhookWithSecret = Schemas["CreateWebhookResponse"];
export type Delivery = Schemas["ListWebhookDeliveriesResponse"]["deliveries"][number];
export type Replay = Schemas["ReplayWebhookDeliveriesBody"];
export type SimulatedEvent = Schemas["SimulateEventBody"];

/** What a list is limited to. */
interface ListFilter {
  type?: CredentialType;
  status?: Status;
  /** Created at this time or later (RFC 3339). */
  created_after?: string;
  /** Created before this time (RFC 3339). */
  created_before?: string;
  /** Entries in one request, 1 to 100. Iteration fetches further pages. */
  limit?: number;
}

/** What a list of submissions is limited to. */
export interface SubmissionFilter extends ListFilter {
  /** The only submission to return. */
  credential_id?: string;
}

/** A submission in a list. It has no personal data. */
export interface SubmissionSummary {
  /** Your `credential_id`. */
  id: string;
  request_id: string;
  type: CredentialType;
  status: Status;
  created_at: string;
  /** Null while it is `incomplete`. */
  finalized_at: string | null;
  /** Why it was canceled. */
  reason?: string;
}

/** What a list of verification requests is limited to. */
export interface VerificationFilter extends ListFilter {
  /** The only request to return. */
  request_id?: string;
}

/** A verification request in a list. It has no personal data. */
export interface VerificationSummary {
  request_id: string;
  type: CredentialType;
  status: Status;
  created_at: string;
  finalized_at: string | null;
  reason?: string;
}

/** An event that a webhook receives. It is a reason to fetch the state, not a result. */
export interface WebhookEvent {
  event_id: string;
  request_id: string;
  type: EventType | "tenure.test";
  created_at: string;
  /** Your id of the credential, for `atsp_request` events. */
  credential_id?: string;
  /** Why it was canceled. */
  reason?: string;
}

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call, also while it waits to retry. */
  signal?: AbortSignal;
  /** Milliseconds for one attempt. Default: that of the client. */
  timeoutMs?: number;
}

/** Options of calls that create something. */
export interface CreateOptions extends CallOptions {
  /**
   * Makes repeats of this call safe across processes and restarts. Default: a new key for each
   * call, which covers the retries inside it.
   */
  idempotencyKey?: string;
}
