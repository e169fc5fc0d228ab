// The conclusion on the shared page, on screen and on paper.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkPage } from "../support/check.mjs";
import { lastMonth, oneJob } from "../support/sample.mjs";
import { freshAddress } from "../support/server.mjs";
import { changePage, conclusion, printed, shareEverything, verdicts } from "../support/share.mjs";
import { DESKTOP, PHONE, stage } from "../support/stage.mjs";
import { button, openLink } from "../support/steps.mjs";
import { until } from "../support/until.mjs";

const scene = stage();
const JOHN = { fullName: "John Doe", organisation: "Northwind Rail", role: "Engineer" };
const JANE = { fullName: "Jane Roe", organisation: "Harbour Hospital", role: "Chief Surgeon", start: "2012-01" };

/** Returns the page of a person who accepts each of `careers`, each from a different partner. */
async function holderOf(...careers) {
  const page = await scene.visitor();
  const address = freshAddress();
  for (const [at, career] of careers.entries()) {
    const link = await scene.server.pushAs(career.partner ?? `Payroll ${at + 1}`, oneJob(career));
    if (at === 0) await openLink(page, scene.server, link, address);
    else await page.goto(link);
    await button(page, "Add to my wallet").waitFor();
    const own = page.getByLabel("This is also me");
    if (await own.isVisible()) {
      await own.check();
      await page.getByLabel("Why do the names differ?").selectOption("changed");
    }
    await button(page, "Add to my wallet").click();
    await page.waitForURL("**/wallet");
  }
  return page;
}

/** Deletes the first credential of a wallet, which revokes its issued tokens. */
async function deleteCredential(page) {
  await page.goto("/wallet");
  await page.locator("a[href$='/delete']").first().click();
  await page.locator("main form button").first().click();
  await page.waitForURL("**/wallet");
}

const monthName = (month) =>
  new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${month}-01`));

test("the first screen of a phone shows name and conclusion", async () => {
  const page = await holderOf({ ...JOHN, partner: "Northwind Payroll" });
  const link = await shareEverything(page);
  const hirer = await scene.visitor({ viewport: PHONE });
  await hirer.goto(link);
  assert.deepEqual(await conclusion(hirer), {
    level: "confirmed",
    sentence: `Confirmed by Northwind Payroll, data to ${monthName(lastMonth())}. Not revoked. Checked just now in your browser.`,
    reasons: [],
  });
  for (const part of [hirer.getByRole("heading", { level: 1, name: "John Doe" }), hirer.getByRole("status").first()]) {
    const { y, height } = await part.boundingBox();
    assert.ok(y + height <= PHONE.height, `it ends at ${y + height}`);
  }
  await checkPage(hirer);
  const still = await scene.visitor({ javaScriptEnabled: false });
  await still.goto(link);
  assert.match(await still.getByRole("status").first().innerText(), /Not revoked\. Checked by this site just now \(/);
});

test("each name in a share has its own career, also in print", async () => {
  const page = await holderOf(JOHN, JANE);
  const hirer = await scene.visitor({ viewport: DESKTOP });
  await hirer.goto(await shareEverything(page));
  const { level, sentence, reasons } = await conclusion(hirer);
  assert.equal(level, "doubtful");
  assert.ok(sentence.startsWith("Not everything here is confirmed."), sentence);
  assert.match(reasons.join(), /^These records are in different names: John Doe and Jane Roe\./);
  await checkPage(hirer);
  await hirer.getByRole("heading", { level: 1, name: "Records in 2 names" }).waitFor();
  assert.equal(await hirer.getByRole("img", { name: "Career timeline" }).filter({ visible: true }).count(), 2);
  const totals = [];
  for (const [own, other] of [[JOHN, JANE], [JANE, JOHN]]) {
    const career = hirer.getByRole("region", { name: `Career of ${own.fullName}` });
    const said = await career.innerText();
    assert.ok(said.includes(own.role) && !said.includes(other.role), said);
    totals.push(Number(said.match(/(\d+) years?.* of experience/)[1]));
  }
  assert.equal(totals[1] - totals[0], 8, "Jane Roe's job began eight years before John Doe's");
  await page.goto("/wallet/print");
  await checkPage(page);
  const own = [];
  for (const { fullName } of [JOHN, JANE]) {
    await page.getByRole("link", { name: fullName }).click();
    await page.getByRole("heading", { level: 1, name: fullName }).waitFor();
    own.push(await printed(page));
  }
  assert.ok(own[0].includes("Northwind Rail") && !own[0].includes("Chief Surgeon") && !own[0].includes("Jane Roe"), own[0]);
  assert.ok(own[1].includes("Chief Surgeon") && !own[1].includes("Northwind Rail") && !own[1].includes("John Doe"), own[1]);
  {
    const paper = await printed(hirer);
    const [john, jane] = [paper.indexOf("Career of John Doe"), paper.indexOf("Career of Jane Roe")];
    const warning = paper.search(/These records are in (different|several) names/);
    assert.ok(warning >= 0 && warning < Math.min(john, jane), paper);
    // The second name begins on a new page, which repeats the warning.
    const again = paper.indexOf("These records are in several names");
    assert.ok(again > Math.min(john, jane) && again < Math.max(john, jane), paper);
    const [first, second] = [paper.slice(Math.min(john, jane), Math.max(john, jane)), paper.slice(Math.max(john, jane))];
    const [ofJohn, ofJane] = john < jane ? [first, second] : [second, first];
    assert.ok(ofJohn.includes("Northwind Rail") && !ofJohn.includes("Chief Surgeon"), paper);
    assert.ok(ofJane.includes("Chief Surgeon") && !ofJane.includes("Northwind Rail"), paper);
  }
});

test("old data of a current job is part of the conclusion", async () => {
  const page = await holderOf({ ...JOHN, partner: "Northwind Payroll", dataTo: "2024-05" });
  const hirer = await scene.visitor();
  await hirer.addInitScript(() => {
    window.print = () => {};
  });
  await hirer.goto(await shareEverything(page));
  const said = "Confirmed by Northwind Payroll, with data to May 2024. The current job may have ended since.";
  const { level, sentence, reasons } = await conclusion(hirer);
  assert.equal(level, "doubtful");
  assert.ok(sentence.startsWith(said), sentence);
  assert.match(reasons.join(), /^Northwind Payroll has no data on Northwind Rail after May 2024/);
  assert.ok((await printed(hirer)).includes(said));
  await checkPage(hirer);
  // A check without a result is another doubt: then the sentence no longer says confirmed.
  await hirer.route("**/status/*", (route) => route.abort());
  await button(hirer, "Save as PDF").click();
  await until("the check without a response", async () => (await conclusion(hirer)).reasons.length === 2);
  assert.match((await conclusion(hirer)).sentence, /^Not everything here is confirmed\./);
});

test("a revoked record is red, also in print", async () => {
  const page = await holderOf(JOHN);
  const link = await shareEverything(page);
  await deleteCredential(page);
  const hirer = await scene.visitor();
  await until("the status list to say so", async () => {
    await hirer.goto(link);
    return (await verdicts(hirer)).includes("status failed: It was revoked.");
  });
  const { level, sentence, reasons } = await conclusion(hirer);
  assert.equal(level, "failed");
  assert.ok(sentence.startsWith("Do not rely on this"), sentence);
  assert.deepEqual(reasons, ["Career history from Payroll 1 was revoked by the issuer or the holder. Ask John Doe why."]);
  await checkPage(hirer);
  const paper = await printed(hirer);
  const parts = ["John Doe", "Do not rely on this", "was revoked", "Revoked by the issuer or the holder.", "As checked in a browser on", "Northwind Rail", "Failed", link.slice(0, 30)];
  for (const words of parts) assert.ok(paper.includes(words), `${words}: ${paper}`);
  assert.ok(paper.indexOf("Do not rely on this") < paper.indexOf("Northwind Rail"), "the verdict comes first");
});

test("an open page and its print show a later revocation", async () => {
  const page = await holderOf(JOHN);
  const link = await shareEverything(page);
  const hirer = await scene.visitor();
  await hirer.clock.install();
  await hirer.goto(link);
  assert.equal((await conclusion(hirer)).level, "confirmed");
  await page.goto("/wallet/shares");
  await page.locator("a[href*='/wallet/shares/']").first().click();
  await button(page, "Revoke link").click();
  await page.waitForURL("**/wallet/shares");
  await until("the page to notice", async () => {
    await hirer.clock.fastForward("01:01");
    return (await conclusion(hirer)).level === "failed";
  });
  assert.ok((await printed(hirer)).includes("was revoked"));
  await hirer.goto(link);
  await checkPage(hirer, { status: 410 });
  const paper = await printed(hirer);
  assert.ok(paper.includes("This link has expired or was revoked") && paper.includes("As checked by this site on"), paper);
});

test("a page without responses shows the last successful check", async () => {
  const page = await holderOf(JOHN);
  const hirer = await scene.visitor();
  await hirer.clock.install();
  await hirer.goto(await shareEverything(page));
  assert.match((await conclusion(hirer)).sentence, /Checked just now in your browser\./);
  await hirer.route("**/status/*", (route) => route.abort());
  await hirer.clock.fastForward("02:11");
  await until("the page to say when", async () => /Checked again in your browser on [A-Z][a-z]{2} \d/.test((await conclusion(hirer)).sentence));
  await until("the check without a response", async () => (await conclusion(hirer)).level === "doubtful");
  assert.match((await conclusion(hirer)).sentence, /Checked again in your browser on [A-Z][a-z]{2} \d/);
  await hirer.unroute("**/status/*");
  await until("the next check", async () => {
    await hirer.clock.fastForward("01:01");
    return /Checked just now in your browser\./.test((await conclusion(hirer)).sentence);
  });
  assert.equal((await conclusion(hirer)).level, "confirmed");
});

test("saving as PDF repeats the checks first", async () => {
  const page = await holderOf(JOHN);
  const hirer = await scene.visitor();
  await hirer.addInitScript(() => {
    window.print = () => (window.printedAt = document.querySelector("[data-sentence]").textContent);
  });
  const link = await shareEverything(page);
  await hirer.goto(link);
  await conclusion(hirer);
  // The issuer's site stops responding: a claim that can no longer be checked is not printed as
  // confirmed.
  await hirer.route("**/status/*", (route) => route.abort());
  await button(hirer, "Save as PDF").click();
  await hirer.waitForFunction(() => window.printedAt);
  assert.equal(await hirer.evaluate(() => window.printedAt), "Not everything here is confirmed.");
  assert.match((await conclusion(hirer)).reasons.join(), /could not be checked completely/);
});

test("a name that differs from the signed one fails the checks", async () => {
  const link = await shareEverything(await holderOf(JOHN));
  const hirer = await scene.visitor();
  await changePage(hirer, link, (page) => page.replaceAll("John Doe", "Jane Roe"));
  await hirer.goto(link);
  assert.equal((await conclusion(hirer)).level, "failed");
  assert.equal(await hirer.locator('[data-step="names"] [data-reason]').textContent(), "A name on this page differs from the signed name.");
});

/** Returns the outcome of the row about the names, and its note about the browser's comparison. */
async function namesRow(hirer) {
  const row = hirer.locator('[data-step="names"]');
  return [(await row.getAttribute("class")).replace("outcome-", ""), await row.locator("[data-compared]").textContent()];
}

test("a page that hides a second name is found by the browser", async () => {
  const link = await shareEverything(await holderOf(JOHN, JANE));
  const withoutReason = (page) => page.replace(/<li data-level="doubtful" data-cause="different-names">.*?<\/li>/s, "");
  const withoutWarning = (page) =>
    withoutReason(page)
      .replace('<div class="verdict" data-level="doubtful">', '<div class="verdict" data-level="confirmed">')
      .replace('<li class="outcome-doubtful" data-step="names"><span class="outcome">Warning</span>', '<li class="outcome-passed" data-step="names"><span class="outcome">Passed</span>');
  for (const change of [withoutReason, withoutWarning]) {
    const hirer = await scene.visitor();
    await changePage(hirer, link, (page) => {
      const changed = change(page);
      assert.ok(!changed.includes('data-cause="different-names">'), "the page says nothing of the names");
      assert.equal(changed.includes('class="outcome-doubtful" data-step="names"'), change === withoutReason);
      return changed;
    });
    await hirer.goto(link);
    const { level, reasons } = await conclusion(hirer);
    const said = "Your browser found different names in what was signed, and this page does not say so: John Doe, Jane Roe. Ask who they belong to.";
    assert.deepEqual([level, reasons], ["doubtful", [said]]);
    assert.equal((await namesRow(hirer))[0], "doubtful");
    assert.equal(await hirer.locator('[data-step="names"] [data-reason]').textContent(), said);
    await checkPage(hirer);
  }
});

/** Returns the outcome of the row about the texts on the page, and its reason. */
async function shownRow(hirer) {
  const row = hirer.locator('[data-step="shown"]');
  return [(await row.getAttribute("class")).replace("outcome-", ""), await row.locator("[data-reason]").textContent()];
}

test("texts that were not signed are found by the browser", async () => {
  const other = { ...JOHN, organisation: "Harbour Hospital", role: "Porter" };
  const link = await shareEverything(await holderOf(JOHN, other));
  const employer = (name) => `data-signed><bdi>${name}</bdi>`;
  for (const [shown, other, texts] of [
    [employer("Northwind Rail"), employer("Southwind Rail"), /^Southwind Rail$/],
    // What another organisation signed is not this one's word.
    [employer("Northwind Rail"), employer("Harbour Hospital"), /^Harbour Hospital$/],
    [employer("Engineer"), employer("Chief Engineer"), /^Chief Engineer$/],
    [' data-token="token-2"', "", /^Career history from Payroll 2, .*Harbour Hospital/],
  ]) {
    const hirer = await scene.visitor();
    await changePage(hirer, link, (page) => {
      assert.ok(page.includes(shown), shown);
      return page.replace(shown, other);
    });
    await hirer.goto(link);
    const { level, sentence, reasons } = await conclusion(hirer);
    const [outcome, reason] = await shownRow(hirer);
    const found = reason.match(/^Your browser did not find everything on this page in what was signed: (.*)\. Ask for a new link\.$/);
    assert.match(found?.[1] ?? reason, texts);
    assert.deepEqual([level, outcome, reasons], ["doubtful", "doubtful", [reason]]);
    assert.ok(!sentence.startsWith("Confirmed by"), sentence);
    await checkPage(hirer);
  }
  const hirer = await scene.visitor();
  await hirer.goto(link);
  assert.equal((await conclusion(hirer)).level, "confirmed");
  assert.equal((await shownRow(hirer))[0], "passed");
  const still = await scene.visitor({ javaScriptEnabled: false });
  await still.goto(link);
  assert.equal(await still.locator('[data-step="shown"]').isVisible(), false, "only a script can compare them");
});

test("every type of credential shows what was signed", async () => {
  const page = await scene.visitor();
  const address = freshAddress();
  const document = await (await fetch(`${scene.server.base}/api/partner/openapi.json`)).json();
  const types = ["education", "microcredential", "english_proficiency", "digital_identity", "right_to_work", "universal_credential"];
  for (const [at, type] of types.entries()) {
    const path = `/api/partner/v2/add/requests/${type}`;
    const { example } = document.paths[path].post.requestBody.content["application/json"];
    const body = { ...example, credential_id: `WALK-${type}-${Date.now()}`, assets: undefined };
    body.fields = { ...example.fields, full_name: "Ada Example" };
    const { redirect_uri: link } = await scene.server.call("POST", path, body);
    if (at === 0) await openLink(page, scene.server, link, address);
    else await page.goto(link);
    await button(page, "Add to my wallet").click();
    await page.waitForURL("**/wallet");
  }
  const hirer = await scene.visitor();
  await hirer.goto(await shareEverything(page));
  await conclusion(hirer);
  const compared = "Your browser found each name, employer and job title that was signed on this page, and each text that this page shows as confirmed in what was signed. It does not compare dates.";
  assert.deepEqual(await shownRow(hirer), ["passed", compared]);
  assert.ok((await hirer.locator(".record [data-signed] bdi").count()) >= types.length, "each shows a signed text");
});

test("the browser says whether it could compare the names", async () => {
  const alias = [{ ...JOHN, fullName: "Lim Bao Yi (Joy)" }, { ...JANE, fullName: "Lim (Joy) Bao Yi" }];
  const upper = [JOHN, { ...JANE, fullName: "DOE, Mr John" }];
  for (const [people, row] of [
    [upper, ["passed", "Your browser found the same name in everything that was signed."]],
    [alias, ["unchecked", "This site compared the names. Your browser cannot repeat that."]],
  ]) {
    const hirer = await scene.visitor();
    await hirer.goto(await shareEverything(await holderOf(...people)));
    assert.deepEqual([(await conclusion(hirer)).level, await namesRow(hirer)], ["confirmed", row]);
    await checkPage(hirer);
  }
});

test("print shows conclusion, names, checks and link in any script", async () => {
  const people = [
    { fullName: "สมใจ งามดี", organisation: "โรงพยาบาลท่าเรือ", role: "วิศวกรอาวุโส", partner: "บริษัทเงินเดือน" },
    { fullName: "王小禾", organisation: "海港医院", role: "高级工程师", partner: "北风薪资" },
    { fullName: "منى سامي", organisation: "مستشفى الميناء", role: "مهندسة", partner: "شركة الرواتب" },
  ];
  for (const person of people) {
    const page = await holderOf(person);
    const link = await shareEverything(page);
    const hirer = await scene.visitor({ viewport: DESKTOP });
    await hirer.goto(link);
    assert.equal((await conclusion(hirer)).level, "confirmed");
    await checkPage(hirer);
    await page.goto("/wallet/print");
    for (const paper of [await printed(hirer), await printed(page)]) {
      for (const words of Object.values(person)) assert.ok(inLogicalOrder(paper).includes(inLogicalOrder(words)), `${words}: ${paper}`);
    }
    const paper = await printed(hirer);
    for (const words of ["Not revoked", "As checked in a browser on", "Passed: Signature", link.slice(0, 30)]) assert.ok(paper.includes(words), `${words}: ${paper}`);
    await hirer.emulateMedia({ media: "print" });
    for (const [what, isPrinted] of [
      [hirer.getByRole("img", { name: "QR code for this link" }), true],
      [hirer.locator(".verdicts").first(), true],
      [button(hirer, "Save as PDF"), false],
      [hirer.getByText("For your own tools"), false],
      [hirer.getByRole("navigation"), false],
    ]) {
      assert.equal(await what.isVisible(), isPrinted);
    }
  }
});

// PDF readers mark the direction of words, and write ligatures and spaces between glyphs, in
// different ways.
function inLogicalOrder(text) {
  return text.normalize("NFKC").replace(/[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}
