// A verification request, and a visitor who begins to respond to it from another wallet.
import { Person } from "./person.mjs";

export const QUESTION = { purpose: "To check your experience", claims: ["full_name", "employment"] };

/**
 * Creates a verification request; a visitor without an account begins to respond from another
 * wallet.
 */
export async function begun(scene, { button = "On this device", question = QUESTION } = {}) {
  const asked = await scene.server.ask(question);
  const content = new URLSearchParams(new URL(asked.redirect_uri).hash.slice(1)).get("content");
  const visitor = new Person(scene.server);
  const page = await visitor.press(await visitor.visit(`/verifications/${content}/other-wallet`), button);
  return { asked, visitor, page };
}
