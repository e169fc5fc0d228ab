// The steps that a partner's console begins with.
import { button, textbox } from "./steps.mjs";

/** Signs in with the client secret; ends at the overview. */
export async function signInToConsole(page, { client_id, client_secret }) {
  await page.goto("/console/sign-in");
  await textbox(page, "Client id").fill(client_id);
  await page.getByLabel("Client secret").fill(client_secret);
  await button(page, "Sign in").click();
  await page.waitForURL("**/console");
}

/** A page that is signed in for a partner, which is the one that `server.push` pushes for unless another is given. */
export async function consoleOf(scene, options = {}, partner) {
  const page = await scene.visitor(options);
  const mine = partner ?? (await scene.server.partner());
  await signInToConsole(page, mine);
  return { page, server: scene.server, partner: mine };
}
