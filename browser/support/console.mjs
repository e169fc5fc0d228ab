// Steps at the beginning of console tests.
import { button, textbox } from "./steps.mjs";

/** Signs in with the client secret and waits for the overview. */
export async function signInToConsole(page, { client_id, client_secret }) {
  await page.goto("/console/sign-in");
  await textbox(page, "Client ID").fill(client_id);
  await page.getByLabel("Client secret").fill(client_secret);
  await button(page, "Sign in").click();
  await page.waitForURL("**/console");
}

/**
 * Returns a page that is signed in to the console of `partner`; by default of the partner that
 * `server.push` uses.
 */
export async function consoleOf(scene, options = {}, partner) {
  const page = await scene.visitor(options);
  const mine = partner ?? (await scene.server.partner());
  await signInToConsole(page, mine);
  return { page, server: scene.server, partner: mine };
}
