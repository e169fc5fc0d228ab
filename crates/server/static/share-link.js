// The link of a shared page: what its tokens must be bound to, and which tokens it has now.
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIMEOUT_MS = 10_000;

/**
 * Returns the audience and the nonce that the holder must have signed. The audience is that of a
 * link of this site (`share_audience` in links.rs). A missing or other value matches no token.
 */
export function bindingOf({ audience = "", nonce = "" }) {
  const start = `${location.origin}/share/`;
  const isLink = audience.startsWith(start) && UUID.test(audience.slice(start.length));
  return { audience: isLink ? audience : "", nonce };
}

/**
 * Returns the token `number` that this link has now: null if there is none, and undefined if there
 * was no response.
 */
export async function tokenOfLink(number) {
  try {
    const options = { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
    const response = await fetch(`${location.pathname}/token/${number}`, options);
    if (response.status === 404) return null;
    if (!response.ok || response.redirected) return undefined;
    return await response.text();
  } catch {
    return undefined;
  }
}
