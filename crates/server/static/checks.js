// Makes the checks of a shared link in the hirer's browser and puts what it finds in the place of what the server found. The
// words, and what each result means for the whole, come from the page; what is checked comes from the tokens in it.
import { isAnswered, isDue, isJustNow } from "./freshness.js";
import { beforePrinting } from "./print.js";
import { fillRow, moment, reasonOf, say, shownOutcome, word } from "./verdicts.js";
import { verify } from "./verify.js";

// How often the page looks whether to check again, and whether "just now" is still true.
const LOOK_EVERY_MS = 10_000;
// The worst last.
const LEVELS = ["confirmed", "doubtful", "failed"];

const verdictBox = document.querySelector(".verdict");
const reasons = verdictBox.querySelector("[data-reasons]");
const sections = [...document.querySelectorAll("[data-token]")];
const levelOf = (element) => LEVELS.indexOf(element.dataset.level);
const checkedHere = sections[0]?.querySelector("[data-note]").textContent;

/** What a cause means for the credential of a section: an item for the list of reasons. */
const meaning = (section, cause) => section.querySelector("template").content.querySelector(`[data-cause="${cause}"]`);

function showRow(section, verdict) {
  fillRow(section.querySelector(`[data-step="${verdict.step}"]`), verdict);
  const { cause } = reasonOf(verdict).dataset;
  return { shown: shownOutcome(verdict), item: cause && meaning(section, cause) };
}

function together(outcomes) {
  const worst = ["failed", "doubtful", "unchecked"].find((outcome) => outcomes.includes(outcome));
  return worst ? `hire-some-${worst}` : "hire-all-passed";
}

/** Checks one credential; returns what its results mean for the whole, and whether every request had a response. */
async function check(section) {
  const token = document.getElementById(section.dataset.token).textContent;
  const { audience, nonce, name } = section.dataset;
  const fetch = (address, options) => window.fetch(address, options);
  const { claims, verdicts } = await verify(token, { origin: location.origin, audience, nonce, fetch });
  const rows = verdicts.map((verdict) => showRow(section, verdict));
  const summary = section.querySelector("[data-together]");
  summary.dataset.together = together(rows.map(({ shown }) => shown));
  summary.firstElementChild.textContent = say(summary.dataset.together);
  section.querySelector("[data-note]").textContent = say("hire-checked-browser", { moment: moment(Date.now()) });
  const found = rows.flatMap(({ item }) => (item ? [item] : []));
  if (claims && claims.full_name !== name) {
    showOtherName();
    found.push(meaning(section, "invalid"));
  }
  return { found, answered: isAnswered(verdicts) };
}

/** The server compared the names that stand on the page; this one is not what was signed. */
function showOtherName() {
  const row = document.querySelector('[data-step="names"]');
  row.className = "outcome-failed";
  row.querySelector(".outcome").textContent = say("outcome-failed");
  row.querySelector("[data-reason]").textContent = say("refused-names");
}

/** Puts the reasons that were found in the place of the server's, and says the verdict. */
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
  replace(verdictBox.querySelector("[data-sentence]"), [...word(`sentence-${level}`).cloneNode(true).childNodes]);
  verdictBox.querySelector("[data-paper]").textContent = say("hire-paper-browser", { moment: moment(Date.now()) });
}

/** Replaces the content of an element unless it stays the same: a screen reader reads the verdict again at each change. */
function replace(place, nodes) {
  const fresh = place.cloneNode(false);
  fresh.append(...nodes.map((node) => node.cloneNode(true)));
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...nodes);
}

/** Says that the last check was just now, or when it was: the page may have been frozen, or without a network. */
function sayWhen() {
  const place = verdictBox.querySelector("[data-now]");
  let text = isBrowser ? say("hire-checked-browser", { moment: moment(answeredAt) }) : checkedHere ?? place.textContent;
  if (isJustNow(Date.now() - answeredAt)) text = isBrowser ? say("hire-now-browser") : place.textContent;
  if (place.textContent !== text) place.textContent = text;
}

/** The results of the worst level: what could not be checked does not matter beside what failed. */
function worst(found) {
  const level = Math.max(...found.map(levelOf));
  return found.filter((item) => levelOf(item) === level);
}

/** Whether one of the credentials on the page has a newer version. */
const isReplaced = () => reasons.querySelector('[data-cause="replaced"]') !== null;

let running;
let triedAt = -Infinity;
// When every request of a check last had a response, and whether the browser made that check. The server made the first.
let answeredAt = Date.now();
let isBrowser = false;

/** Checks everything once; a check that is under way is not made twice. */
function checkAll() {
  running ??= checkOnce().finally(() => (running = undefined));
  return running;
}

async function checkOnce() {
  triedAt = Date.now();
  const startedAt = triedAt;
  try {
    const found = [];
    let areAnswered = true;
    for (const section of sections) {
      const result = await check(section);
      found.push(...worst(result.found));
      areAnswered &&= result.answered;
    }
    conclude(found);
    if (areAnswered) [answeredAt, isBrowser] = [startedAt, true];
  } catch {
    // Without a secure context there is no cryptography. What the server found stays, but it was not found just now any more.
    for (const section of sections) section.querySelector("[data-note]").textContent = say("hire-browser-failed");
  }
  sayWhen();
  for (const section of sections) section.dataset.done = "";
}

/** Whether the link shows other tokens by now than the page does. */
async function showsOthers() {
  for (const { dataset: { token } } of sections) {
    const response = await fetch(`${location.pathname}/${token.replace("-", "/")}`, { cache: "no-store" });
    if (!response.ok || response.redirected) return false;
    if ((await response.text()) !== document.getElementById(token).textContent) return true;
  }
  return false;
}

/** Checks again what was checked some time ago. Where a newer version exists, the link may show it by now. */
async function checkIfOld(isReturning) {
  sayWhen();
  if (document.visibilityState !== "visible" || !isDue(Date.now() - triedAt, isReturning)) return;
  await checkAll();
  if (isReplaced() && (await showsOthers().catch(() => false))) location.reload();
}

beforePrinting(checkAll);
document.addEventListener("visibilitychange", () => checkIfOld(true));
// A page that comes back from the browser's history was frozen.
addEventListener("pageshow", () => checkIfOld(true));
setInterval(() => checkIfOld(false), LOOK_EVERY_MS);
await checkAll();
