// A visitor verifies a token: pasted, chosen as a file, or dropped; from this site or another
// issuer.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { allowRequestsTo, checkPage } from "../support/check.mjs";
import { careerHistory, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { shareEverything } from "../support/share.mjs";
import { stage } from "../support/stage.mjs";
import { button, openLink, textbox } from "../support/steps.mjs";
import { until } from "../support/until.mjs";
import { openVerify, paste, rows, verdict } from "../support/verify-page.mjs";
import { digest, disclosure, jws, newKey } from "../units/tokens.mjs";

const scene = stage();
const THERE = "https://issuer.example";
const seconds = () => Math.floor(Date.now() / 1000);

const ADA = { fullName: "Ada Example", organisation: "Northwind Rail", role: "Engineer" };

let first;

/** Shares once for all tests, because most of them only read the token. */
function shared() {
  first ??= scene.server.pushAs("Acme Payroll", oneJob(ADA)).then(async (submission) => {
    const holder = await accept(submission);
    return { holder, ...(await share(holder)) };
  });
  return first;
}

/** Accepts a link as a new person; returns their page. */
async function accept(submission) {
  const page = await scene.visitor();
  await openLink(page, scene.server, submission, freshAddress());
  await button(page, "Add to my wallet").click();
  await page.waitForURL("**/wallet");
  return page;
}

async function share(page) {
  const link = await shareEverything(page);
  const answer = await fetch(`${link}/token/1`);
  return { link, token: await answer.text() };
}

const openPage = (options) => openVerify(scene, options);

test("the empty page passes the page checks", async () => {
  const page = await scene.visitor();
  await page.goto("/");
  await page.getByRole("link", { name: "Verify a token" }).click();
  await textbox(page, "Token").waitFor();
  await checkPage(page);
  await button(page, "Verify").click();
  assert.equal(await page.locator("#token-verdict").filter({ visible: true }).count(), 0, "an empty field is no token");
  assert.ok(await textbox(page, "Token").evaluate((field) => field === document.activeElement));
});

test("a shared token is verified without leaving the browser", async () => {
  const { token } = await shared();
  const page = await openPage();
  const said = await paste(page, `\u{feff} "${token.replace(/.{60}/g, "$&\r\n")}" `);
  assert.equal(said, "confirmed: Genuine. Acme Payroll confirmed this about Ada Example, this site signed it, and it has not been revoked.");
  assert.deepEqual(await rows(page), ["signature passed", "issuer passed", "holder passed", "status passed", "dates passed", "schema passed", "names unchecked"]);
  const main = await page.locator("main").innerText();
  assert.ok(main.includes("It contains one name. Whether that is the name of the person who gave it to you was not checked."), main);
  for (const words of ["Full name\nAda Example", "Role title\nEngineer", "Start date\nJanuary 2020", "End date\nPresent", "Jobs\n", "Employer\nNorthwind Rail", "Data to\n", "Career history", "(this site)", "Verified in your browser on"]) {
    assert.ok(main.includes(words), `${words}: ${main}`);
  }
  assert.equal(main.match(/, your time/g).length, 1 + (await page.locator(".asked, #token-result time").count()), "every time names its zone");
  for (const raw of ["UTC", "Last processed month", "Employment\n", "Organisation\n"]) assert.ok(!main.includes(raw), main);
  assert.ok(main.indexOf("Genuine.") < main.indexOf("Ada Example") && main.indexOf("Ada Example") < main.indexOf("Signature"));
  for (const sent of page.sent) {
    assert.ok(sent.startsWith(`GET ${scene.server.base}/`), sent);
    assert.ok(!sent.includes(token.slice(10, 60)) && sent.length < 200, sent);
  }
  await checkPage(page);
  const box = page.locator("#token-verdict");
  assert.ok(await box.evaluate((place) => place === document.activeElement), "the verdict has the focus");
  const { y, height } = await box.boundingBox();
  assert.ok(y >= 0 && y + height < 844, "the verdict is on the first screen of a phone");
});

test("the link to the page stands beside the token", async () => {
  const { link } = await shared();
  const page = await scene.visitor();
  await page.goto(link);
  await page.getByText("For your own tools").click();
  await page.getByRole("link", { name: "Verify a token that was sent to you" }).click();
  await textbox(page, "Token").waitFor();
});

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), "tenure-tokens-"))));
after(() => rm(folder, { recursive: true, force: true }));

test("a file is verified as soon as it is chosen", async () => {
  const { token } = await shared();
  const file = join(folder, "credential.sd-jwt");
  await writeFile(file, Buffer.from(`\u{feff}${token}\r\n`, "utf16le"));
  const page = await openPage();
  await page.getByLabel("Or choose a file").setInputFiles(file);
  assert.match(await verdict(page), /^confirmed: Genuine\./);
});

test("a dropped file is verified wherever it falls", async () => {
  const { token } = await shared();
  const page = await openPage();
  const dropped = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([JSON.stringify({ credential: text })], "response.json", { type: "application/json" }));
    return data;
  }, token);
  await page.dispatchEvent("h1", "drop", { dataTransfer: dropped });
  assert.match(await verdict(page), /^confirmed: Genuine\./);
  assert.equal(new URL(page.url()).pathname, "/verify");
});

test("no token, several tokens and long texts have own errors", async () => {
  const { holder, token } = await shared();
  const page = await openPage();
  assert.match(await paste(page, "Please find my diploma attached."), /^failed: This is not a token\./);
  assert.equal(await textbox(page, "Token").getAttribute("aria-invalid"), "true");
  await checkPage(page);
  const { token: other } = await share(holder);
  assert.match(await paste(page, `${token}\n,${other}`), /^failed: This contains several tokens\./);
  await page.evaluate(() => (document.getElementById("token-text").value = " ".repeat(2 * 1024 * 1024 + 1)));
  await page.evaluate(() => (document.getElementById("token-text").value += "x"));
  await button(page, "Verify").click();
  await until("the refusal", async () => (await verdict(page)).startsWith("doubtful: This is too long for a token."));
  const file = join(folder, "film.bin");
  await writeFile(file, Buffer.alloc(5 * 1024 * 1024, "a"));
  await page.getByLabel("Or choose a file").setInputFiles(file);
  await until("the refusal", async () => (await verdict(page)).startsWith("doubtful: This is too long for a token."));
  assert.deepEqual(page.sent, [], "nothing was asked for");
});

test("other content is named, other algorithms are not checked", async () => {
  const page = await openPage();
  const file = join(folder, "certificate.pdf");
  await writeFile(file, Buffer.from("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n", "latin1"));
  await page.getByLabel("Or choose a file").setInputFiles(file);
  assert.match(await verdict(page), /^failed: This is a PDF document, not a token\./);
  assert.equal(await textbox(page, "Token").getAttribute("aria-invalid"), "true");
  await checkPage(page);
  const offer = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2F1";
  assert.match(await paste(page, offer), /^failed: This is a link for a wallet/);
  const header = Buffer.from(JSON.stringify({ alg: "ES384", typ: "dc+sd-jwt" })).toString("base64url");
  assert.match(await paste(page, `${header}.e30.AA~`), /^doubtful: It could not be verified, because its signature algorithm/);
  const presentation = Buffer.from(JSON.stringify({ alg: "ES256", typ: "vp+jwt" })).toString("base64url");
  assert.match(await paste(page, `${presentation}.e30.AA`), /^doubtful: This is not a credential but a presentation/);
  assert.match(await paste(page, '{"proof": {"type": "DataIntegrityProof"}}'), /^doubtful: This is a JSON-LD credential/);
  const expired = Buffer.from(JSON.stringify({ exp: 1 })).toString("base64url");
  assert.match(await paste(page, `${header}.${expired}.AA~`), /^failed: Do not rely on this\. It has expired\./);
  const older = Buffer.from(JSON.stringify({ alg: "ES256", typ: "vc+sd-jwt" })).toString("base64url");
  assert.match(await paste(page, `${older}.e30.AA~`), /^doubtful: It could not be verified, because its format is that of an older draft/);
  assert.deepEqual(page.sent, [], "nothing was asked for");
});

test("a changed token is rejected and its claims are not shown", async () => {
  const { token } = await shared();
  const page = await openPage();
  const changed = token.replace(/\.([^.~]+)~/, (_, old) => `.${old.startsWith("A") ? "B" : "A"}${old.slice(1)}~`);
  assert.match(await paste(page, changed), /^failed: Do not rely on this\. The signature/);
  assert.ok(!(await page.locator("main").innerText()).includes("Ada Example"));
  assert.ok(!(await rows(page)).some((row) => row.startsWith("names")), "unsigned names are not counted");
  await checkPage(page);
});

test("unsigned tokens and tokens of another type are rejected", async () => {
  const { token } = await shared();
  const page = await openPage();
  const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "dc+sd-jwt" })).toString("base64url");
  assert.equal(await paste(page, token.replace(/^[^.]+/, unsigned)), "failed: Do not rely on this. It is not signed.");
  const said = await paste(page, token.slice(0, token.indexOf("~")));
  assert.match(said, /^failed: This is damaged: the last “~” is missing\./);
});

test("incomplete tokens and links to shared pages are named", async () => {
  const { link, token } = await shared();
  const page = await openPage();
  const incomplete = "It is damaged or incomplete. Copy all of it, from eyJ to the end, and try again.";
  for (const cut of [2, 10]) {
    const said = await paste(page, token.slice(0, -cut));
    assert.equal(said, `failed: Do not rely on this. There is a problem with the holder’s signature. ${incomplete}`);
  }
  const missing = "It is incomplete: the signature is missing. Copy all of it, from eyJ to the end, and try again.";
  const said = await paste(page, token.slice(0, -86));
  assert.equal(said, `failed: Do not rely on this. There is a problem with the holder’s signature. ${missing}`);
  assert.match(await paste(page, link), /^failed: This is a link to a shared page, not a token\./);
  assert.equal(await textbox(page, "Token").getAttribute("aria-invalid"), "true");
  assert.match(await paste(page, "[".repeat(5000)), /^failed: This is not a token\./);
  await checkPage(page);
});

test("a revoked token is rejected although it is signed", async () => {
  const { holder } = await shared();
  const revoked = await share(holder);
  await button(holder, "Revoke link").click();
  await holder.waitForURL("**/wallet/shares");
  const page = await openPage();
  await until("the status list to say so", async () => {
    await page.reload();
    return (await paste(page, revoked.token)) === "failed: Do not rely on this. It was revoked.";
  });
  assert.ok((await page.locator("main").innerText()).includes("Ada Example"), "what was signed is shown");
});

test("a replaced token and a revoked one get different results", async () => {
  const person = await accept(await scene.server.push(oneJob(ADA)));
  const first = await share(person);
  await person.goto(await scene.server.push(oneJob({ ...ADA, role: "Lead" })));
  await button(person, "Add to my wallet").click();
  await person.waitForURL("**/wallet");
  const page = await openPage();
  await until("the status list to say so", async () => {
    await page.reload();
    return (await paste(page, first.token)).startsWith("doubtful: Genuine, but it was replaced by another version.");
  });
  assert.ok((await rows(page)).includes("status doubtful"), String(await rows(page)));
  await checkPage(page);
});

test("old data and details that were left out are pointed out", async () => {
  const person = await accept(await scene.server.pushAs("Cove Payroll", careerHistory()));
  const page = await openPage();
  const said = await paste(page, (await share(person)).token);
  assert.match(said, /^doubtful: Genuine, but Cove Payroll has no data on Harbour Analytics after May 2024, so the job may have ended/);
  assert.ok(!(await page.locator("main").innerText()).includes("Details left out"));
  assert.match(await page.locator("#token-result").innerText(), /Harbour Analytics[^]*Northwind Rail[^]*Sent via\nPayroll Bureau South/, "later data first");
  await person.goto("/wallet/share");
  await person.getByLabel("No jobs").check();
  await button(person, "Create link").click();
  await person.waitForURL("**/wallet/shares/*");
  const answer = await fetch(`${await person.locator("#share-link").textContent()}/token/1`);
  assert.match(await paste(page, await answer.text()), /^confirmed: Genuine\./);
  assert.match(await page.locator("main").innerText(), /Details left out\n[1-9]\n/);
  await checkPage(page);
});

test("jobs with old data are listed as on the shared page", async () => {
  const career = careerHistory();
  career.fields.employment = [1, 2, 3, 4, 5].map((number) => ({
    organisation: `Company ${number}`,
    role_title: "Engineer",
    start_date: "2020-01",
    last_processed_month: `2024-0${number}`,
  }));
  const { link, token } = await share(await accept(await scene.server.pushAs("Cove Payroll", career)));
  const page = await openPage();
  const said = "Cove Payroll has no data on Company 1 after January 2024, Company 2 after February 2024, Company 3 after March 2024 and 2 more.";
  const verdictHere = await paste(page, token);
  assert.ok(verdictHere.startsWith(`doubtful: Genuine, but ${said}`), verdictHere);
  await page.goto(link);
  const shownThere = await page.locator(".verdict [data-reasons]").textContent();
  assert.ok(shownThere.includes(said), shownThere);
});

/** Returns a token of another issuer. */
function foreign(key, payload = {}, claims = {}) {
  const shown = Object.entries({ full_name: "Ada Example", ...claims }).map(([name, value]) => disclosure(value, name));
  const body = { iss: THERE, iat: seconds() - 10, vct: "urn:example:person", _sd: shown.map(digest), ...payload };
  return `${jws({ typ: "dc+sd-jwt", kid: "k1" }, body, key)}~${shown.map((text) => `${text}~`).join("")}`;
}

/**
 * Serves the other issuer's metadata with access for all sites. With `responds: false` it does not
 * respond, which is what a page sees without that access.
 */
async function serveIssuer(page, key, { responds = true } = {}) {
  const body = JSON.stringify({ issuer: THERE, jwks: { keys: [{ ...key.jwk, kid: "k1" }] } });
  const headers = { "access-control-allow-origin": "*" };
  await page.route(`${THERE}/**`, (route) => {
    if (!responds) return route.abort();
    const isKnown = new URL(route.request().url()).pathname === "/.well-known/jwt-vc-issuer";
    return isKnown ? route.fulfill({ contentType: "application/json", headers, body }) : route.fulfill({ status: 404, headers });
  });
}

test("another issuer is contacted after a click and named", async () => {
  const page = await openPage();
  allowRequestsTo(page, THERE);
  const key = newKey();
  await serveIssuer(page, key);
  assert.match(await paste(page, foreign(key)), /^doubtful: This token names https:\/\/issuer\.example as its issuer, which is another site\. Nothing has been verified yet\./);
  assert.deepEqual(page.sent, [], "nothing is asked before");
  assert.ok(!(await page.locator("main").innerText()).includes("Ada Example"));
  await checkPage(page);
  page.sent.length = 0;
  await button(page, `Contact ${THERE}`).click();
  await until("the verdict", async () => /^doubtful: Signed by https:\/\/issuer\.example, not by this site\./.test(await verdict(page)));
  assert.deepEqual(page.sent, [`GET ${THERE}/.well-known/jwt-vc-issuer `]);
  const main = await page.locator("main").innerText();
  assert.ok(main.includes(`${THERE} (another site)`) && main.includes("Ada Example"), main);
  await checkPage(page);
});

test("an issuer whose keys are not known leaves a token unchecked", async () => {
  const page = await openPage();
  const key = newKey();
  await serveIssuer(page, { jwk: { kty: "RSA", n: "AQAB", e: "AQAB" } });
  for (const [iss, said] of [
    [THERE, "doubtful: It could not be verified. Its issuer publishes no key that can be used to check signatures here."],
    [`${THERE}/unknown`, `doubtful: It could not be verified. ${THERE}/unknown did not send its keys (HTTP status 404).`],
  ]) {
    await paste(page, foreign(key, { iss }));
    await button(page, `Contact ${THERE}`).click();
    await until("the verdict", async () => (await verdict(page)) === said);
    assert.deepEqual((await rows(page)).slice(0, 2), ["signature unchecked", "issuer unchecked"]);
    assert.ok(!(await page.locator("main").innerText()).includes("Ada Example"));
  }
});

test("an issuer without CORS cannot be checked from a browser", async () => {
  const page = await openPage();
  const key = newKey();
  await serveIssuer(page, key, { responds: false });
  await paste(page, foreign(key));
  await button(page, `Contact ${THERE}`).click();
  await until("the verdict", async () => /^doubtful: It could not be verified in this browser\. https:\/\/issuer\.example did not respond/.test(await verdict(page)));
  assert.ok(!(await page.locator("main").innerText()).includes("Ada Example"));
});

test("only the token's issuer is contacted, and only by https", async () => {
  const page = await openPage();
  allowRequestsTo(page, THERE);
  const key = newKey();
  await serveIssuer(page, key);
  const elsewhere = "https://beacon.example";
  const status = { status_list: { uri: `${elsewhere}/status`, idx: 1 } };
  await paste(page, foreign(key, { status, vct: `${elsewhere}/type` }));
  await button(page, `Contact ${THERE}`).click();
  await until("the verdict", async () => (await rows(page)).length === 7);
  assert.deepEqual((await rows(page)).slice(3), ["status unchecked", "dates passed", "schema unchecked", "names unchecked"]);
  assert.ok(page.sent.every((sent) => sent.startsWith(`GET ${THERE}/`)), page.sent.join("\n"));
  page.sent.length = 0;
  for (const iss of ["http://intranet.example", "https://issuer.example@beacon.example", "did:key:z6Mk", "Example Ltd"]) {
    const said = await paste(page, foreign(key, { iss }));
    assert.ok(said.startsWith(`doubtful: It could not be verified. It names ${iss} as its issuer, `), said);
  }
  const over = await paste(page, foreign(key, { iss: "http://intranet.example", exp: 1 }));
  assert.equal(over, "failed: Do not rely on this. It has expired.", "whatever its issuer");
  assert.equal(await page.getByRole("button", { name: /^Contact/ }).count(), 0);
  assert.deepEqual(page.sent, []);
  await checkPage(page);
});

test("the headline says what it is about and whether trying again helps", async () => {
  const page = await openPage();
  allowRequestsTo(page, THERE);
  const key = newKey();
  await serveIssuer(page, key);
  const headlineOf = async (token) => {
    await paste(page, token);
    await button(page, `Contact ${THERE}`).click();
    await until("the verdict", async () => (await rows(page)).length === 7);
    return verdict(page);
  };
  const unknown = await headlineOf(foreign(key, { status: { identifier_list: { uri: `${THERE}/ids`, id: "7" } } }));
  assert.match(unknown, /could not check whether it was revoked\. It has a kind of status that is not supported\.$/);
  const bound = foreign(key, { cnf: { kid: "k9" } });
  const binding = jws({ typ: "kb+jwt" }, { iat: seconds(), aud: "x", nonce: "n", sd_hash: digest(bound) }, newKey());
  assert.match(await headlineOf(bound + binding), /^doubtful: The issuer’s signature is valid, but the holder’s could not/);
});

test("markup in a signed token is shown as text", async () => {
  const page = await openPage();
  allowRequestsTo(page, THERE);
  const key = newKey();
  await serveIssuer(page, key);
  const html = "<img src=x onerror=document.title=1><script>document.title=2</script>";
  const deep = Array.from({ length: 20 }).reduce((inner) => ({ inner }), html);
  const claims = { full_name: html, [html]: html, "\u{202e}evil": "\u{202e}evil", deep, long: "x".repeat(20_000) };
  const title = await page.title();
  const ask = async (token) => {
    await paste(page, token);
    await button(page, `Contact ${THERE}`).click();
    await until("the verdict", async () => (await rows(page)).length === 7);
  };
  await ask(foreign(key, {}, claims));
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.equal(await page.title(), title);
  assert.ok((await page.locator("main").innerText()).includes(html));
  await checkPage(page);
  await ask(foreign(key, {}, { many: Array(5000).fill("x") }));
  assert.ok((await page.locator("main li").count()) < 2100, "a list without end is cut");
});

test("without scripts the page says what to do instead", async () => {
  const page = await scene.visitor({ javaScriptEnabled: false });
  await page.goto("/verify");
  const said = await page.locator("main").innerText();
  assert.ok(said.includes("This page needs JavaScript") && said.includes("tenure verify token.txt"), said);
  assert.equal(await textbox(page, "Token").count(), 0);
});
