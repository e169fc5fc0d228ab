import { segment, type Session } from "./session.js";
import type {
  Batch,
  CallOptions,
  CreateOptions,
  CredentialType,
  DryRunResult,
  PushResult,
  Statuses,
  SubmissionFilter,
  Submissions as Bodies,
  SubmissionStatus,
  SubmissionSummary,
  UploadLink,
} from "./types.js";

const ADD = "/api/partner/v2/add/requests";
const SUBMISSIONS = "/api/partner/v2/submissions";
// Most ids that one status request takes.
const IDS_PER_REQUEST = 30;

/** Pushes credentials and reads what became of them. */
export class Submissions {
  constructor(private readonly session: Session) {}

  /** Pushes one credential. A repeat of a `credential_id` returns the same link. */
  push<T extends CredentialType>(type: T, body: Bodies[T], options?: CreateOptions): Promise<PushResult> {
    return this.session.create(`${ADD}/${segment(type)}`, body, options);
  }

  /** Validates a push and stores nothing. */
  dryRun<T extends CredentialType>(type: T, body: Bodies[T], options?: CallOptions): Promise<DryRunResult> {
    return this.session.create(`${ADD}/${segment(type)}`, body, options, { dry_run: true });
  }

  /** Pushes several credentials of one person behind one link, all or none. */
  pushBatch(batch: Batch, options?: CreateOptions): Promise<PushResult> {
    return this.session.create(`${ADD}/batch`, batch, options);
  }

  /** Validates a batch and stores nothing. */
  dryRunBatch(batch: Batch, options?: CallOptions): Promise<DryRunResult> {
    return this.session.create(`${ADD}/batch`, batch, options, { dry_run: true });
  }

  /** Uploads a document to a link from the response to a push. */
  async upload(link: UploadLink, document: Blob | ArrayBuffer | Uint8Array, options?: CallOptions): Promise<void> {
    const { upload_url: path, content_type: contentType } = link;
    const body = document as BodyInit;
    await this.session.sendOpen({ method: "PUT", path, body, contentType, repeatable: true }, options);
  }

  /** Returns the status of a credential or a batch. */
  status(credentialId: string, options?: CallOptions): Promise<SubmissionStatus> {
    return this.session.get(`${SUBMISSIONS}/${segment(credentialId)}/status`, options);
  }

  /** Returns the statuses of any number of ids, by requests of 30 ids each. */
  async statuses(credentialIds: Iterable<string>, options?: CallOptions): Promise<Statuses> {
    const ids = [...new Set(credentialIds)];
    const all: Statuses = { credentials: [], not_found: [] };
    for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
      const json = { ids: ids.slice(start, start + IDS_PER_REQUEST) };
      const call = { method: "POST", path: `${SUBMISSIONS}/status`, json, repeatable: true } as const;
      const { credentials, not_found } = await this.session.json<Statuses>(call, options);
      all.credentials.push(...credentials);
      all.not_found.push(...not_found);
    }
    return all;
  }

  /** Lists your submissions, newest first. */
  list(filter: SubmissionFilter = {}, options: CallOptions = {}): AsyncGenerator<SubmissionSummary, void> {
    return this.session.pages(SUBMISSIONS, "submissions", { ...filter }, options);
  }

  /** Withdraws a credential. The person reads the reason. A repeat has no further effect. */
  async withdraw(type: CredentialType, credentialId: string, reason: string, options?: CreateOptions): Promise<void> {
    // By POST, because some gateways drop the body of a DELETE.
    await this.session.post(`${ADD}/${segment(type)}/${segment(credentialId)}/withdraw`, { reason }, options);
  }
}
