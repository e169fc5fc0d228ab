// Features of `tenure demo`: links on its output, and mails on a page.
import { until } from "./until.mjs";

/** Returns the printed link of the sample that the demonstration has pushed. */
export function demoLink(server) {
  return until("the printed link", () => server.output.match(/https?:\/\/\S+\/partner\/add\/[^\s'"]+/)?.[0]);
}

/** Returns the printed link of the batch that the demonstration has pushed. */
export function demoBatchLink(server) {
  return until("the printed link", () => server.output.match(/https?:\/\/\S+\/partner\/add\/batch#[^\s'"]+/)?.[0]);
}

/** Returns the code mailed to this address, from the demonstration's mailbox page. */
export async function inboxCode(page, server, address) {
  return until(`a code for ${address} in the mailbox`, async () => {
    await page.goto(`${server.base}/dev/inbox`);
    const text = await page.locator("main").innerText();
    return text.slice(Math.max(text.indexOf(address), 0)).match(/\b\d{6}\b/)?.[0];
  });
}
