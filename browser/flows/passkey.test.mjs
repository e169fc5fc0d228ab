// A passkey is offered after sign-in, and used from then on. The authenticator is Chromium's
// virtual one.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { freshAddress } from "../support/server.mjs";
import { stage } from "../support/stage.mjs";
import { acceptSample, assertSignedOut, button, signOut, timeline } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();

async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    refuse: () => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false }),
  };
}

async function addPasskey(page, keys) {
  const stored = page.waitForResponse("**/passkey/register/finish");
  await button(page, "Add a passkey").click();
  assert.equal((await stored).status(), 204);
  assert.equal((await keys.credentials()).length, 1);
  // The page reloads to show this; navigating before then would interrupt the reload.
  await page.getByText("Passkey added.").waitFor();
}

// A browser may also offer the passkey in the address field (WebAuthn Level 3, section 5.1.4); the
// virtual authenticator accepts that immediately. Without support only the button remains.
const withoutAutofill = (page) => {
  return page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
};

test("a person adds a passkey, and the account lists it", async () => {
  const page = await scene.visitor();
  const keys = await authenticator(page);
  await acceptSample(page, scene.server, freshAddress());
  await addPasskey(page, keys);
  const [key] = await keys.credentials();
  assert.equal(key.isResidentCredential, true);
  assert.equal(key.rpId, "localhost");

  await page.goto("/account");
  await checkPage(page);
  await page.getByRole("main").getByRole("button", { name: /remove/i }).waitFor();
});

test("a passkey signs in by the button, without a mail", async () => {
  const page = await scene.visitor();
  await withoutAutofill(page);
  const keys = await authenticator(page);
  await acceptSample(page, scene.server, freshAddress());
  await addPasskey(page, keys);
  await signOut(page);
  await page.goto("/sign-in");
  await button(page, "Sign in with a passkey").click();
  await page.waitForURL("**/wallet");
  await timeline(page).waitFor();
  await checkPage(page);
});

test("a passkey signs in from the address field", async () => {
  const page = await scene.visitor();
  const keys = await authenticator(page);
  await acceptSample(page, scene.server, freshAddress());
  await addPasskey(page, keys);
  await signOut(page);
  // The passkey may be used, and the page left, before it has loaded.
  await page.goto("/sign-in", { waitUntil: "commit" });
  await page.waitForURL("**/wallet");
  await timeline(page).waitFor();
});

test("a person whom the device rejects is not signed in", async () => {
  const page = await scene.visitor();
  await withoutAutofill(page);
  const keys = await authenticator(page);
  await acceptSample(page, scene.server, freshAddress());
  await addPasskey(page, keys);
  await signOut(page);
  await keys.refuse();
  await page.goto("/sign-in");
  const signIn = button(page, "Sign in with a passkey");
  await Promise.all([page.waitForResponse("**/passkey/sign-in/start"), signIn.click()]);
  await until("the ceremony to be over", () => signIn.isEnabled());
  await assertSignedOut(page);
});

test("the passkey offer can be dismissed", async () => {
  const page = await scene.visitor();
  await authenticator(page);
  await acceptSample(page, scene.server, freshAddress());
  await button(page, "Add a passkey").waitFor();
  await button(page, "Not now").click();
  await button(page, "Add a passkey").waitFor({ state: "detached" });
  await checkPage(page);
});

test("an unavailable passkey prompt shows no error", async () => {
  const page = await scene.visitor();
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => true;
    navigator.credentials.get = async () => {
      setTimeout(() => (window.refused = true));
      throw new DOMException("there is no authenticator", "NotSupportedError");
    };
  });
  await page.goto("/sign-in");
  await page.waitForFunction(() => window.refused);
  assert.equal(await page.locator("#passkey-status").textContent(), "");
  await checkPage(page);
  // An explicit request shows the error.
  await button(page, "Sign in with a passkey").click();
  await page.getByText("The passkey did not work.").waitFor();
});
