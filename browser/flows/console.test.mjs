// A partner's console: sign-in with the secret and with a passkey, and checks of every page in
// light and dark and on the narrowest phone.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { checkPage } from "../support/check.mjs";
import { consoleOf, signInToConsole } from "../support/console.mjs";
import { careerHistory } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { DESKTOP, stage } from "../support/stage.mjs";
import { acceptSample, assertTellsNothing, button, openLink, textbox } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();

// The smallest phone that we support.
const SMALL = { width: 320, height: 640 };

/** Whether a part shows all of its text without scrolling sideways. */
const isWhole = (part) => part.evaluate(({ clientWidth, scrollWidth }) => scrollWidth <= clientWidth);

test("sign-in rejects a wrong secret and accepts the right one", async () => {
  const page = await scene.visitor();
  const { client_id, client_secret } = await scene.server.addPartner();
  await page.goto("/console");
  await page.waitForURL("**/console/sign-in?to=/console");
  await checkPage(page);
  await textbox(page, "Client ID").fill(client_id);
  await page.getByLabel("Client secret").fill("guess");
  await button(page, "Sign in").click();
  await page.getByRole("alert").waitFor();
  await checkPage(page, { status: 422 });
  assert.equal(await textbox(page, "Client ID").inputValue(), client_id, "the client id is filled in already");
  await page.getByLabel("Client secret").fill(client_secret);
  await button(page, "Sign in").click();
  await page.waitForURL("**/console");
  await page.getByRole("heading", { level: 2, name: "Push your first credential" }).waitFor();
  await checkPage(page);
  await button(page, "Sign out").click();
  await page.waitForURL("**/console/sign-in");
  await checkPage(page);
  await page.goto("/console/submissions");
  await textbox(page, "Client ID").waitFor();
});

test("the first commands work as written", async () => {
  const { page, partner } = await consoleOf(scene, {}, await scene.server.addPartner({ sandbox: true }));
  const [token, push] = await Promise.all(["#first-token", "#first-push"].map((part) => page.locator(part).textContent()));
  const script = `${token}\n${push}`.replace("YOUR_CLIENT_SECRET", partner.client_secret);
  const { stdout } = await promisify(execFile)("bash", ["-c", script]);
  assert.match(stdout, /"redirect_uri":"http/);
});

/** Returns the contrast of each colour of a legend to its card (WCAG 2.2, relative luminance). */
function contrasts(page) {
  return page.locator(".swatch").evaluateAll((swatches) => {
    const luminance = (colour) => {
      const [red, green, blue] = colour.match(/[\d.]+/g).map((part) => {
        const share = Number(part) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    return swatches.map((swatch) => {
      const card = getComputedStyle(swatch.closest(".card")).backgroundColor;
      const [one, other] = [getComputedStyle(swatch).color, card].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
  });
}

test("the overview counts submissions without personal data", async () => {
  const { page, server } = await consoleOf(scene, { viewport: DESKTOP });
  await acceptSample(await scene.visitor(), server, freshAddress());
  await openLink(await scene.visitor(), server, await server.push(), freshAddress());
  await server.push({ ...careerHistory(), partner_chain: undefined });
  await page.goto("/console");
  const funnel = page.getByRole("img", { name: "Conversion" });
  await funnel.waitFor();
  const said = await funnel.locator("desc").textContent();
  assert.match(said, /Pushed: 3, 100 %\. Link opened: 2, 66\.7 %\. Signed in: 2, 66\.7 %\. Accepted: 1, 33\.3 %\./);
  await page.getByRole("img", { name: "Outcomes" }).waitFor();
  await page.getByRole("img", { name: "By day" }).waitFor();
  await page.getByText("Show all days as a table").click();
  await checkPage(page);
  await assertTellsNothing(page);
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    const found = await contrasts(page);
    assert.equal(found.length, 6);
    for (const contrast of found) assert.ok(contrast >= 3, `${found} in ${colorScheme}`);
  }
  await page.getByLabel("Via", { exact: true }).selectOption("Payroll Bureau South");
  await button(page, "Show").click();
  await page.waitForURL("**chain=Payroll**");
  await page.getByRole("link", { name: "7 days" }).click();
  await page.waitForURL("**days=7&chain=Payroll**");
  assert.match(await funnel.locator("desc").textContent(), /Pushed: 2, 100 %/);
  await checkPage(page);
});

test("every column of the overview is visible on a phone", async () => {
  const { page, server } = await consoleOf(scene, { viewport: SMALL });
  await server.push(careerHistory());
  await server.push({ ...careerHistory(), partner_chain: undefined });
  await page.goto("/console");
  for (const [name, expected] of [
    ["Conversion", ["Count", "Of total", "Of previous step"]],
    ["By institution", ["Pushed", "Link opened", "Signed in", "Accepted", "Declined", "Expired"]],
  ]) {
    const box = page.getByRole("group", { name });
    const [shown, whole] = await box.evaluate(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth]);
    assert.ok(whole <= shown, `${name}: ${whole} px in ${shown} px`);
    const columns = await box.locator("tbody tr").first().locator("td").evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, "::before").content));
    assert.deepEqual(columns, expected.map((column) => `"${column}"`));
  }
});

test("an ID has the whole width of a phone, above the status", async () => {
  const { page, server } = await consoleOf(scene, { viewport: SMALL });
  // Of wide digits, and the hyphens at unfortunate positions.
  await server.push({ ...careerHistory(), credential_id: "WALK-dddddddd-dddd-4ddd-bddd-dddddddddddd" });
  await page.goto("/console/submissions");
  const row = page.locator(".rows li").first();
  const [id, state] = [await row.locator(".row-id").boundingBox(), await row.locator(".state").boundingBox()];
  assert.ok(state.y >= id.y + id.height, JSON.stringify({ id, state }));
  assert.ok(id.height < 80, `at most two lines: ${id.height} px`);
});

test("submissions are listed, filtered, found and shown", async () => {
  const { page, server } = await consoleOf(scene);
  const sample = careerHistory();
  await server.push(sample);
  await page.goto("/console/submissions");
  await page.getByRole("link", { name: sample.credential_id }).waitFor();
  await checkPage(page);
  await assertTellsNothing(page);
  await page.getByRole("link", { name: "Declined" }).click();
  await page.getByText("No submissions in this state.").waitFor();
  await checkPage(page);
  await textbox(page, "Find by credential_id or request ID").fill("nothing of ours");
  await button(page, "Find").click();
  await page.getByRole("alert").waitFor();
  await checkPage(page, { status: 404 });
  await textbox(page, "Find by credential_id or request ID").fill(sample.credential_id);
  await button(page, "Find").click();
  await page.getByRole("heading", { level: 1, name: sample.credential_id }).waitFor();
  assert.ok(!page.url().includes(sample.credential_id), "an address holds no id of the partner's");
  await page.getByText("Pushed by you.").waitFor();
  await checkPage(page);
  await assertTellsNothing(page);
  await page.goto("/console/submissions/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70");
  await button(page, "Sign out").waitFor();
  await page.getByRole("link", { name: "Submissions", exact: true }).waitFor();
  await checkPage(page, { status: 404 });
});

test("the secret is rotated, shown once, and copied", async () => {
  const { page, partner } = await consoleOf(scene, {}, await scene.server.addPartner());
  const colleague = await scene.visitor();
  await signInToConsole(colleague, partner);
  await page.goto("/console/credentials");
  await checkPage(page);
  await page.getByRole("link", { name: "Rotate secret" }).click();
  await checkPage(page);
  await button(page, "Rotate secret").click();
  await page.locator(".doubt", { hasText: "Copy it now." }).waitFor();
  assert.ok(await isWhole(page.locator("#new-secret")), "the secret is not cut");
  await checkPage(page);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(page, "Copy Client secret").click();
  await page.getByText("Copied.").waitFor();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  await colleague.goto("/console");
  await colleague.getByText("Your session has ended.").waitFor();
  await checkPage(colleague);
  await signInToConsole(colleague, { ...partner, client_secret: secret });
});

test("a passkey is enrolled, signs in, and is removed", async () => {
  const { page } = await consoleOf(scene, {}, await scene.server.addPartner());
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto("/console/credentials");
  await textbox(page, "Name of the new passkey").fill("Office laptop");
  await button(page, "Add a passkey").click();
  await page.getByText("Passkey added.").waitFor();
  await page.getByText("Office laptop").waitFor();
  await checkPage(page);
  await button(page, "Sign out").click();
  await page.waitForURL("**/console/sign-in");
  await button(page, "Sign in with a passkey").click();
  await page.waitForURL("**/console");
  await page.goto("/console/credentials");
  await page.getByText("Last used on").waitFor();
  // A console passkey does not sign in to the wallet.
  await page.goto("/sign-in");
  const refused = page.waitForResponse("**/passkey/sign-in/finish");
  await button(page, "Sign in with a passkey").click();
  assert.equal((await refused).status(), 403);
  await page.goto("/console/credentials");
  await button(page, "Remove the passkey Office laptop").click();
  await page.getByText("Passkey removed here.").waitFor();
  assert.equal(await page.getByText("Office laptop").count(), 0);
});

test("a webhook is created, tested, edited, rotated and deleted", async () => {
  const { page } = await consoleOf(scene, {}, await scene.server.addPartner());
  await page.goto("/console/webhooks");
  await checkPage(page);
  await page.getByRole("link", { name: "Add webhook" }).click();
  await checkPage(page);
  await textbox(page, "URL").fill("https://localhost/hook");
  await button(page, "Create webhook").click();
  await page.getByText("its address is not public").waitFor();
  await checkPage(page, { status: 422 });
  // A name that never resolves (RFC 6761, section 6.4), so that deliveries fail.
  await textbox(page, "URL").fill("https://hooks.invalid/tenure");
  await textbox(page, "Name (optional)").fill("Production");
  await page.getByLabel("You pushed a credential").check();
  await button(page, "Create webhook").click();
  await page.getByText("whsec_").waitFor();
  await page.locator(".doubt", { hasText: "Copy it now." }).waitFor();
  assert.ok(await isWhole(page.locator("#hook-standard")), "the secret is not cut");
  await checkPage(page);
  await page.getByRole("link", { name: "Continue to the webhook" }).click();
  await page.getByRole("heading", { level: 1, name: "Production" }).waitFor();
  await checkPage(page);
  await button(page, "Send test event").click();
  await page.getByText("Test event queued.").waitFor();
  await until("an attempt in the log", async () => {
    await page.reload();
    return (await page.textContent("main")).includes("One attempt");
  });
  await page.getByText(/^One attempt/).click();
  await page.getByText("Connection failed").waitFor();
  await page.locator(".lead .state-failing", { hasText: "Active; the last" }).waitFor();
  await checkPage(page);
  await button(page, "Resend").last().click();
  await page.waitForURL("**/console/webhooks/*");
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await textbox(page, "Name (optional)").fill("Staging");
  await checkPage(page);
  await button(page, "Save").click();
  await page.getByRole("heading", { level: 1, name: "Staging" }).waitFor();
  await page.getByRole("link", { name: "Rotate secret" }).click();
  await checkPage(page);
  await button(page, "Rotate secret").click();
  await page.getByText("with the previous secret for 24 hours").waitFor();
  await checkPage(page);
  await page.getByRole("link", { name: "Continue to the webhook" }).click();
  await page.goto("/console/webhooks");
  await checkPage(page);
  await page.getByRole("link", { name: "Staging" }).click();
  await page.getByRole("link", { name: "Delete" }).click();
  await checkPage(page);
  await button(page, "Delete webhook").click();
  await page.getByText("Webhook deleted.").waitFor();
});

/**
 * Returns the width of the date in the first field for one, and of the room that Chromium leaves
 * for it beside the calendar.
 */
async function dateWidths(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  const { nodes } = await session.send("DOM.getFlattenedDocument", { depth: -1, pierce: true });
  const width = async (name) => {
    const { nodeId } = nodes.find(({ attributes = [] }) => attributes.includes(name));
    return (await session.send("DOM.getBoxModel", { nodeId })).model.width;
  };
  return [await width("-webkit-datetime-edit-fields-wrapper"), await width("-webkit-datetime-edit")];
}

test("a paused webhook fits on the narrowest phone", async () => {
  const { page } = await consoleOf(scene, { viewport: SMALL }, await scene.server.addPartner());
  await page.goto("/console/webhooks");
  await page.getByRole("link", { name: "Add webhook" }).click();
  // A name that never resolves (RFC 6761, section 6.4), so that deliveries fail.
  await textbox(page, "URL").fill("https://hooks.invalid/tenure");
  await button(page, "Create webhook").click();
  await page.getByRole("link", { name: "Continue to the webhook" }).click();
  await until("a pause", async () => {
    await button(page, "Send test event").click();
    await page.getByText("Test event queued.").waitFor();
    return (await page.textContent("main")).includes("Paused until");
  });
  const { width } = await page.locator(".lead .state-failing").boundingBox();
  assert.ok(width <= 320, `the state is ${width} px wide`);
  const [date, room] = await dateWidths(page);
  assert.ok(date <= room, `a date of ${date} px in ${room} px`);
  await checkPage(page);
});

test("the explorer sends requests for sandbox partners only", async () => {
  const { page: closed } = await consoleOf(scene, {}, await scene.server.addPartner());
  await closed.goto("/console/explorer");
  await closed.getByRole("heading", { level: 2, name: "For sandbox partners only" }).waitFor();
  await checkPage(closed);
  const { page } = await consoleOf(scene, { viewport: DESKTOP }, await scene.server.addPartner({ sandbox: true }));
  await page.goto("/console/explorer");
  await checkPage(page);
  await button(page, "Send request").click();
  await page.getByText("201 Created").waitFor();
  await checkPage(page);
  await page.getByRole("link", { name: "Get its status" }).click();
  await button(page, "Send request").click();
  await page.getByText("200 OK").waitFor();
  assert.ok((await page.locator("#answer-body").textContent()).includes("incomplete"));
  await page.getByLabel("Operation").selectOption({ label: "Push: Education" });
  await button(page, "Select").click();
  await page.waitForURL("**operation=addEducation");
  await textbox(page, "Body").fill('{\n  "credential_id": "x"\n}');
  await button(page, "Send request").click();
  await page.getByText("422 Unprocessable").waitFor();
  await page.getByRole("heading", { level: 3, name: "Errors" }).waitFor();
  await checkPage(page);
});

test("the console works without scripts", async () => {
  const { page } = await consoleOf(scene, { javaScriptEnabled: false }, await scene.server.addPartner({ sandbox: true }));
  await page.goto("/console/explorer");
  await button(page, "Send request").click();
  await page.getByText("201 Created").waitFor();
  await page.goto("/console");
  await page.getByRole("img", { name: "Conversion" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0, "what needs a script is not there");
});
