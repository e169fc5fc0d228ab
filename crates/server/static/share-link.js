// The link of a shared page: what its tokens must be bound to, and which tokens it has now.
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
// Maximum number of times that a page reloads in a row to show the tokens of its link.
const MOST_RELOADS = 3;

/**
 * Returns the audience and the nonce that the holder must have signed. The audience is that of a
 * link of this site (`share_audience` in links.rs). A missing or other value matches no token.
 */
export function bindingOf({ audience = "", nonce = "" }) {
  const start = `${location.origin}/share/`;
  const isLink = audience.startsWith(start) && UUID.test(audience.slice(start.length));
  return { audience: isLink ? audience : "", nonce };
}

/** Returns whether token `number` of this link is `token`; undefined if there was no response. */
export async function hasToken(number, token) {
  try {
    const response = await fetch(`${location.pathname}/token/${number}`, { cache: "no-store" });
    if (response.status === 404) return false;
    if (!response.ok || response.redirected) return undefined;
    return (await response.text()) === token;
  } catch {
    return undefined;
  }
}

/** Reloads the page, unless it did so too often in a row. Returns whether it reloads. */
export function reload() {
  const reloads = history.state?.reloads ?? 0;
  if (reloads >= MOST_RELOADS) return false;
  history.replaceState({ reloads: reloads + 1 }, "");
  location.reload();
  return true;
}

/** Forgets earlier reloads, once the page shows the tokens of its link. */
export function forgetReloads() {
  if (history.state !== null) history.replaceState(null, "");
}
