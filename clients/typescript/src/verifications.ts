import { segment, type Session } from "./session.js";
import type {
  CallOptions,
  CreateOptions,
  CredentialType,
  TokenReport,
  VerificationFilter,
  VerificationLink,
  VerificationRequests,
  VerificationResult,
  VerificationSummary,
} from "./types.js";

const REQUESTS = "/api/partner/v2/verify/requests";

/** Requests credentials from people, and verifies tokens. */
export class Verifications {
  constructor(private readonly session: Session) {}

  /** Creates a verification request: send the person to its `redirect_uri`. */
  create<T extends CredentialType>(
    type: T,
    body: VerificationRequests[T] = {},
    options?: CreateOptions,
  ): Promise<VerificationLink> {
    return this.session.create(`${REQUESTS}/${segment(type)}`, body, options);
  }

  /** Returns a request with its result, verified again at this moment. */
  result(requestId: string, options?: CallOptions): Promise<VerificationResult> {
    return this.session.get(`${REQUESTS}/${segment(requestId)}`, options);
  }

  /** Lists your verification requests, newest first. */
  list(filter: VerificationFilter = {}, options: CallOptions = {}): AsyncGenerator<VerificationSummary, void> {
    return this.session.pages(REQUESTS, "requests", { ...filter }, options);
  }

  /** Verifies a token that you were given. `valid` is the one field to read. */
  verifyToken(
    token: string,
    expected: { audience?: string; nonce?: string } = {},
    options?: CallOptions,
  ): Promise<TokenReport> {
    const path = "/api/partner/v2/verify/token";
    return this.session.json({ method: "POST", path, json: { token, ...expected }, repeatable: true }, options);
  }
}
