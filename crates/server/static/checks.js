// Repeats the checks of a shared link in the hirer's browser and replaces the server's results. The
// page passes the texts and the meaning of each result; the tokens in the page are the input.
import { oldDataOf } from "./doubts.js";
import { isAnswered, isDue, isJustNow } from "./freshness.js";
import { localMoment } from "./local-time.js";
import { compareAll } from "./names.js";
import { beforePrinting } from "./print.js";
import { forgetReloads, reload, restoreReader, wasPrinting } from "./reload.js";
import { bindingOf, tokenOfLink } from "./share-link.js";
import { compareShown, readShown } from "./shown-texts.js";
import { showUnchecked } from "./unchecked.js";
import { element, fillRow, moment, phrase, reasonOf, say, shownOutcome, word } from "./verdicts.js";
import { verify } from "./verify.js";

// Interval for deciding whether to check again, and whether "just now" still applies.
const LOOK_EVERY_MS = 10_000;
// Time for the page to be replaced by its reload, unless the reader stops that.
const RELOAD_MS = 30_000;
// From best to worst.
const LEVELS = ["confirmed", "doubtful", "failed"];

/**
 * Returns the element that matches. Without it, or with a second one that could hide it, the page
 * cannot be checked.
 */
function only(selector) {
  const [found, ...others] = document.querySelectorAll(selector);
  if (!found || others.length > 0) throw new Error(`not one ${selector}`);
  return found;
}

const verdictBox = only(".verdict");
const [reasons, sentence, now, paper] = ["reasons", "sentence", "now", "paper"].map((name) => only(`.verdict [data-${name}]`));
const sections = [...document.querySelectorAll("[data-token]")];
const levelOf = (element) => LEVELS.indexOf(element.dataset.level);
const [namesRow, shownRow] = ["names", "shown"].map((step) => only(`[data-step="${step}"]`));
// This site's outcome, before the script changes the row.
const namesHere = namesRow.className;
// As they were served: a browser may translate the page later.
const shownTexts = readShown();
const checkedHere = sections[0].querySelector("[data-note]").textContent;
const tokenOf = (section) => only(`[id="${section.dataset.token}"]`).textContent;
const numberOf = (section) => section.dataset.token.replace("token-", "");
// The credentials whose tokens are those of the link.
const ofLink = new Set();
// The credentials that another version had replaced when they were checked last.
const replaced = new Set();

/** Returns the list item that explains a cause for the credential of a section. */
const meaning = (section, cause) => section.querySelector("template").content.querySelector(`[data-cause="${cause}"]`);

function showRow(section, verdict) {
  const asked = document.querySelector(`[data-asked-of="${section.dataset.token}"] [data-asked="${verdict.step}"]`);
  fillRow(section.querySelector(`[data-step="${verdict.step}"]`), verdict, asked);
  const { cause } = reasonOf(verdict).dataset;
  return { shown: shownOutcome(verdict), item: cause && meaning(section, cause) };
}

function together(outcomes) {
  const worst = ["failed", "doubtful", "unchecked"].find((outcome) => outcomes.includes(outcome));
  return worst ? `hire-some-${worst}` : "hire-all-passed";
}

/** Replaces the verdict about the holder if the token is not one that the link has now. */
async function withLink(verdict, section, token) {
  if (verdict.step !== "holder" || verdict.outcome !== "passed" || ofLink.has(section)) return verdict;
  const has = await tokenOfLink(numberOf(section));
  if (has === undefined) return { ...verdict, outcome: "unchecked", code: "unanswered" };
  if (has !== token) return { ...verdict, outcome: "failed", code: "audience", hasMoved: true };
  ofLink.add(section);
  return verdict;
}

/** Checks one credential. The page does not change yet. */
async function check(section) {
  const token = tokenOf(section);
  const fetch = (address, options) => window.fetch(address, options);
  const { claims, verdicts: found } = await verify(token, { origin: location.origin, ...bindingOf(section.dataset), fetch });
  const verdicts = await Promise.all(found.map((verdict) => withLink(verdict, section, token)));
  return { section, claims, verdicts };
}

/** Whether this site says that the credential of a section was replaced, and by what. */
function saysReplaced(section) {
  return reasons.querySelector(`[data-cause="replaced"][data-of="${numberOf(section)}"]:not([data-checked])`) !== null;
}

/** Whether the page, loaded again, shows a newer version or says what replaced this one. */
async function isBehind({ section, verdicts }) {
  if (verdicts.some(({ hasMoved }) => hasMoved)) return true;
  const status = verdicts.find(({ step }) => step === "status");
  // Its holder undid the update since.
  if (status.outcome === "passed" && replaced.delete(section)) return true;
  if (status.code === "replaced") replaced.add(section);
  if (status.outcome !== "failed" && !saysReplaced(section)) return false;
  const has = await tokenOfLink(numberOf(section));
  if (typeof has === "string" && has !== tokenOf(section)) return true;
  return status.code === "replaced" && !saysReplaced(section);
}

/**
 * Reloads the page if it is behind its link, before it shows a doubt about what the link has left.
 * Returns whether it reloads.
 */
async function follow(results) {
  for (const result of results) {
    if (await isBehind(result)) return reload(isPrinting);
  }
  if (results.every(({ verdicts }) => isAnswered(verdicts))) forgetReloads();
  return false;
}

/** Shows the results of one credential. Returns the reasons found. */
function show({ section, claims, verdicts }) {
  const rows = verdicts.map((verdict) => showRow(section, verdict));
  const summary = section.querySelector("[data-together]");
  summary.dataset.together = together(rows.map(({ shown }) => shown));
  summary.firstElementChild.textContent = say(summary.dataset.together);
  section.querySelector("[data-note]").textContent = say("hire-checked-browser", { moment: localMoment(Date.now()) });
  const items = rows.flatMap(({ item }) => (item ? [item] : []));
  if (claims && claims.full_name !== section.dataset.name) {
    showOtherName();
    items.push(meaning(section, "invalid"));
  }
  return [...worst(items), ...oldData(section, claims)];
}

/** Returns the list item of the doubt that data on jobs in a credential is old. */
function oldData(section, claims) {
  const old = claims && oldDataOf(claims, Date.now());
  if (!old) return [];
  const key = `verdict-${old.key}`;
  const values = { partner: claims.attested_by?.name, name: claims.full_name, ...old.values };
  const item = doubt(key, phrase(word(key).textContent, values));
  item.dataset.of = numberOf(section);
  return [item];
}

/** Marks the comparison of names as failed: a name on the page differs from the signed one. */
function showOtherName() {
  showNames("failed", [say("refused-names")]);
}

/** Fills the row about the names. Without `reason` that of this site stays. */
function showNames(outcome, reason, compared = "") {
  showOutcome(namesRow, outcome, reason);
  const note = namesRow.querySelector("[data-compared]");
  note.textContent = compared;
  note.hidden = compared === "";
}

function showOutcome(row, outcome, reason) {
  row.className = `outcome-${outcome}`;
  row.querySelector(".outcome").textContent = say(`outcome-${outcome}`);
  if (reason) row.querySelector("[data-reason]").replaceChildren(...reason);
}

/** Creates the list item of a doubt that only this script has. */
function doubt(key, said) {
  const item = document.createElement("li");
  Object.assign(item.dataset, word(key).dataset, { checked: "" });
  item.append(...said);
  return item;
}

/** Whether the page says that its names differ, or cannot be compared because of their scripts. */
function saysThatNamesDiffer(found) {
  const isReason = reasons.querySelector('[data-cause="different-names"]:not([data-checked])') !== null;
  return isReason ? namesHere === "outcome-doubtful" : found === "scripts" && namesHere === "outcome-unchecked";
}

/**
 * Compares the signed names with each other. Returns the list item of the doubt if they differ and
 * the page does not say so.
 */
function checkNames(names) {
  if (namesRow.classList.contains("outcome-failed")) return [];
  const found = compareAll(names);
  if (["scripts", "different"].includes(found) && !saysThatNamesDiffer(found)) {
    const said = () => withList("verdict-names-browser", "{names}", names);
    showNames("doubtful", said());
    return [doubt("verdict-names-browser", said())];
  }
  const isOnlyHere = found === "unsure" && namesHere === "outcome-passed";
  const outcome = isOnlyHere ? "unchecked" : namesHere.replace("outcome-", "");
  showNames(outcome, undefined, say({ same: "names-compared-browser", unsure: "names-compared-site" }[found] ?? "names-compared-apart"));
  return [];
}

/** Returns the text of `key` with the distinct values in the place of `mark`, each isolated. */
function withList(key, mark, values) {
  const [before, after] = word(key).textContent.split(mark);
  const list = [...new Set(values)].flatMap((value, at) => [at === 0 ? "" : ", ", element("bdi", value)]);
  return [before, ...list, after];
}

/**
 * Compares the texts on the page with the signed claims. Returns the list item of the doubt if they
 * differ, or if a credential has no token.
 */
function checkShown(signed) {
  const withoutToken = [...document.querySelectorAll(".checks:not([data-token]) > [data-together]")];
  const titles = withoutToken.map(({ parentElement }) => parentElement.querySelector("h3").textContent);
  const found = compareShown(shownTexts, signed, titles);
  const said = () => withList(found.key, "{texts}", found.texts);
  shownRow.hidden = false;
  if (found) showOutcome(shownRow, "doubtful", said());
  else showOutcome(shownRow, "passed", [say("shown-compared-browser")]);
  return found ? [doubt(found.key, said())] : [];
}

/** Replaces the server's reasons by those found here, and shows the verdict. */
function conclude(found) {
  const items = [...reasons.children].filter((item) => !("checked" in item.dataset));
  for (const item of found) {
    const { cause, of } = item.dataset;
    if (!items.some(({ dataset }) => dataset.cause === cause && dataset.of === of)) items.push(item.cloneNode(true));
  }
  items.sort((one, other) => levelOf(other) - levelOf(one));
  replace(reasons, items);
  sections.forEach((section) => noteStates(section, items));
  const level = LEVELS[Math.max(0, ...items.map(levelOf))];
  verdictBox.dataset.level = level;
  const isOnly = (cause) => items.length > 0 && items.every(({ dataset }) => dataset.cause === cause);
  const said = ["old-data", "replaced"].find(isOnly) ?? level;
  replace(sentence, [...word(`sentence-${said}`).cloneNode(true).childNodes]);
  paper.textContent = say("hire-paper-browser", { moment: moment(Date.now()) });
}

/** Shows at a credential what the checks found about it. */
function noteStates(section, items) {
  const place = document.querySelector(`[data-states="${numberOf(section)}"]`);
  const causes = items.filter(({ dataset }) => dataset.of === numberOf(section)).map(({ dataset }) => dataset.cause);
  const notes = causes.map((cause) => section.querySelector("template").content.querySelector(`[data-state="${cause}"]`));
  place?.replaceChildren(...notes.filter((note) => note !== null).map((note) => note.cloneNode(true)));
}

/**
 * Replaces the content of an element if it differs: screen readers announce the verdict again after
 * each change.
 */
function replace(place, nodes) {
  const fresh = place.cloneNode(false);
  fresh.append(...nodes.map((node) => node.cloneNode(true)));
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...nodes);
}

/** Shows when the last check was. It may be long ago if the page was frozen or offline. */
function sayWhen() {
  let text = isBrowser ? say("hire-checked-browser", { moment: localMoment(answeredAt) }) : checkedHere;
  if (isJustNow(Date.now() - answeredAt)) text = isBrowser ? say("hire-now-browser") : now.textContent;
  if (now.textContent !== text) now.textContent = text;
}

/**
 * Returns the results of the worst level: an unchecked step is irrelevant if another has failed.
 */
function worst(found) {
  const level = Math.max(...found.map(levelOf));
  return found.filter((item) => levelOf(item) === level);
}

let running;
// Whether the reader waits for the dialogue that prints the page.
let isPrinting = wasPrinting;
let triedAt = -Infinity;
// When a check last began whose requests all got a response, and whether the browser ran that
// check. The server ran the first.
let answeredAt = Date.now();
let isBrowser = false;
// Whether the page says that it could not be checked. It then no longer has the rows.
let isUnchecked = false;

/** Checks everything. Concurrent calls share one check. */
function checkAll() {
  running ??= checkOnce().finally(() => (running = undefined));
  return running;
}

async function checkOnce() {
  if (isUnchecked) return;
  triedAt = Date.now();
  const startedAt = triedAt;
  try {
    const results = [];
    for (const section of sections) results.push(await check(section));
    if (await follow(results)) await new Promise((resolve) => setTimeout(resolve, RELOAD_MS));
    const found = results.flatMap((result) => show(result));
    const signed = results.flatMap(({ claims }) => (claims ? [claims] : []));
    const names = signed.map(({ full_name: name }) => name).filter((name) => typeof name === "string");
    conclude([...found, ...checkNames(names), ...checkShown(signed)]);
    if (results.every(({ verdicts }) => isAnswered(verdicts))) [answeredAt, isBrowser] = [startedAt, true];
  } catch {
    isUnchecked = showUnchecked();
    if (isUnchecked) return;
    // The Web Crypto API needs a secure context. The server's results stay, but "just now" no
    // longer applies.
    for (const section of sections) section.querySelector("[data-note]").textContent = say("hire-browser-failed");
  }
  sayWhen();
  for (const section of sections) section.dataset.done = "";
}

/** Repeats the checks if they are due. */
async function checkIfOld(isReturning) {
  if (isUnchecked) return;
  sayWhen();
  if (document.visibilityState === "visible" && isDue(Date.now() - triedAt, isReturning)) await checkAll();
}

restoreReader();
beforePrinting(async () => {
  isPrinting = true;
  await checkAll();
  isPrinting = false;
});
document.addEventListener("visibilitychange", () => checkIfOld(true));
// A page restored from the back/forward cache was frozen.
addEventListener("pageshow", () => checkIfOld(true));
setInterval(() => checkIfOld(false), LOOK_EVERY_MS);
await checkAll();
// The print that was asked for before the page was reloaded.
if (wasPrinting && isPrinting) {
  isPrinting = false;
  window.print();
}
