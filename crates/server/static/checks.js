// Repeats the checks of a shared link in the hirer's browser and replaces the server's results. The
// page passes the texts and the meaning of each result; the tokens in the page are the input.
import { isAnswered, isDue, isJustNow } from "./freshness.js";
import { localMoment } from "./local-time.js";
import { compareAll } from "./names.js";
import { beforePrinting } from "./print.js";
import { element, fillRow, moment, reasonOf, say, shownOutcome, word } from "./verdicts.js";
import { verify } from "./verify.js";

// Interval for deciding whether to check again, and whether "just now" still applies.
const LOOK_EVERY_MS = 10_000;
// Maximum number of unsigned texts that a message shows.
const MOST_SHOWN = 5;
// From best to worst.
const LEVELS = ["confirmed", "doubtful", "failed"];

const verdictBox = document.querySelector(".verdict");
const reasons = verdictBox.querySelector("[data-reasons]");
const sections = [...document.querySelectorAll("[data-token]")];
const levelOf = (element) => LEVELS.indexOf(element.dataset.level);
const namesRow = document.querySelector('[data-step="names"]');
// This site's outcome, before the script changes the row.
const namesHere = namesRow?.className ?? "";
const shownRow = document.querySelector('[data-step="shown"]');
// The texts that the site marked as signed, each with the organisation beside it, as they were
// served: a browser may translate the page later.
const shownTexts = [...document.querySelectorAll(".verdict h1 bdi, .person [data-signed] bdi")].map((place) => ({
  text: place.textContent,
  by: place.closest("[data-by]")?.dataset.by,
}));
const checkedHere = sections[0]?.querySelector("[data-note]").textContent;

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

/**
 * Checks one credential. Returns the reasons found, its claims, and whether every request got a
 * response.
 */
async function check(section) {
  const token = document.getElementById(section.dataset.token).textContent;
  const { audience, nonce, name } = section.dataset;
  const fetch = (address, options) => window.fetch(address, options);
  const { claims, verdicts } = await verify(token, { origin: location.origin, audience, nonce, fetch });
  const rows = verdicts.map((verdict) => showRow(section, verdict));
  const summary = section.querySelector("[data-together]");
  summary.dataset.together = together(rows.map(({ shown }) => shown));
  summary.firstElementChild.textContent = say(summary.dataset.together);
  section.querySelector("[data-note]").textContent = say("hire-checked-browser", { moment: localMoment(Date.now()) });
  const found = rows.flatMap(({ item }) => (item ? [item] : []));
  if (claims && claims.full_name !== name) {
    showOtherName();
    found.push(meaning(section, "invalid"));
  }
  return { found, claims, answered: isAnswered(verdicts) };
}

/** Marks the comparison of names as failed: a name on the page differs from the signed one. */
function showOtherName() {
  showNames("failed", [say("refused-names")]);
}

/** Fills the row about the names. Without `reason` that of this site stays. */
function showNames(outcome, reason, compared = "") {
  if (!namesRow) return;
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
  if (namesRow?.classList.contains("outcome-failed")) return [];
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

/** Returns every text in `value`. */
function textsIn(value) {
  return typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(textsIn);
}

/**
 * Looks for the texts on the page in the signed claims: those beside an organisation's name in its
 * own tokens. Returns the list item of the doubt if some are missing, or if a credential has no
 * token.
 *
 * The page marks only texts that it shows exactly as they were signed. Dates, durations and other
 * values in this site's words are not compared.
 */
function checkShown(signed) {
  const tokens = signed.map((claims) => ({ by: claims.attested_by?.name ?? "", texts: new Set(textsIn(claims)) }));
  const isSigned = ({ text, by }) => tokens.some((token) => (by ?? token.by) === token.by && token.texts.has(text));
  const unsigned = shownTexts.filter((shown) => !isSigned(shown)).map(({ text }) => text);
  const withoutToken = [...document.querySelectorAll(".checks:not([data-token]) > [data-together]")];
  const titles = withoutToken.map(({ parentElement }) => parentElement.querySelector("h3").textContent);
  const missing = [...titles, ...unsigned].slice(0, MOST_SHOWN);
  const said = () => withList("verdict-shown-browser", "{texts}", missing);
  if (shownRow) {
    shownRow.hidden = false;
    if (missing.length > 0) showOutcome(shownRow, "doubtful", said());
    else showOutcome(shownRow, "passed", [say("shown-compared-browser")]);
  }
  return missing.length > 0 ? [doubt("verdict-shown-browser", said())] : [];
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
  const level = LEVELS[Math.max(0, ...items.map(levelOf))];
  verdictBox.dataset.level = level;
  const isOnlyOld = items.length > 0 && items.every(({ dataset }) => dataset.cause === "old-data");
  const said = isOnlyOld ? "old-data" : level;
  replace(verdictBox.querySelector("[data-sentence]"), [...word(`sentence-${said}`).cloneNode(true).childNodes]);
  verdictBox.querySelector("[data-paper]").textContent = say("hire-paper-browser", { moment: moment(Date.now()) });
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
  const place = verdictBox.querySelector("[data-now]");
  let text = isBrowser ? say("hire-checked-browser", { moment: localMoment(answeredAt) }) : checkedHere ?? place.textContent;
  if (isJustNow(Date.now() - answeredAt)) text = isBrowser ? say("hire-now-browser") : place.textContent;
  if (place.textContent !== text) place.textContent = text;
}

/**
 * Returns the results of the worst level: an unchecked step is irrelevant if another has failed.
 */
function worst(found) {
  const level = Math.max(...found.map(levelOf));
  return found.filter((item) => levelOf(item) === level);
}

/** Whether one of the credentials on the page has a newer version. */
const isReplaced = () => reasons.querySelector('[data-cause="replaced"]') !== null;

let running;
let triedAt = -Infinity;
// When a check last began whose requests all got a response, and whether the browser ran that
// check. The server ran the first.
let answeredAt = Date.now();
let isBrowser = false;

/** Checks everything. Concurrent calls share one check. */
function checkAll() {
  running ??= checkOnce().finally(() => (running = undefined));
  return running;
}

async function checkOnce() {
  triedAt = Date.now();
  const startedAt = triedAt;
  try {
    const [found, signed] = [[], []];
    let areAnswered = true;
    for (const section of sections) {
      const result = await check(section);
      found.push(...worst(result.found));
      if (result.claims) signed.push(result.claims);
      areAnswered &&= result.answered;
    }
    const names = signed.map(({ full_name: name }) => name).filter((name) => typeof name === "string");
    conclude([...found, ...checkNames(names), ...checkShown(signed)]);
    if (areAnswered) [answeredAt, isBrowser] = [startedAt, true];
  } catch {
    // The Web Crypto API needs a secure context. The server's results stay, but "just now" no
    // longer applies.
    for (const section of sections) section.querySelector("[data-note]").textContent = say("hire-browser-failed");
  }
  sayWhen();
  for (const section of sections) section.dataset.done = "";
}

/** Whether the link now has other tokens than the page. */
async function showsOthers() {
  for (const { dataset: { token } } of sections) {
    const response = await fetch(`${location.pathname}/${token.replace("-", "/")}`, { cache: "no-store" });
    if (!response.ok || response.redirected) return false;
    if ((await response.text()) !== document.getElementById(token).textContent) return true;
  }
  return false;
}

/**
 * Repeats the checks if they are due. If a credential was replaced, the link may have its newer
 * version: then reloads the page.
 */
async function checkIfOld(isReturning) {
  sayWhen();
  if (document.visibilityState !== "visible" || !isDue(Date.now() - triedAt, isReturning)) return;
  await checkAll();
  if (isReplaced() && (await showsOthers().catch(() => false))) location.reload();
}

beforePrinting(checkAll);
document.addEventListener("visibilitychange", () => checkIfOld(true));
// A page restored from the back/forward cache was frozen.
addEventListener("pageshow", () => checkIfOld(true));
setInterval(() => checkIfOld(false), LOOK_EVERY_MS);
await checkAll();
