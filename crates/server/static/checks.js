// Makes the checks of a shared link in the hirer's browser and puts what it finds in the place of what the server found. The
// words, and what each result means for the whole, come from the page; what is checked comes from the tokens in it.
import { beforePrinting } from "./print.js";
import { fillRow, moment, reasonOf, say, shownOutcome, word } from "./verdicts.js";
import { verify } from "./verify.js";

// "Just now" stays true: the page checks again after five minutes, and when it is looked at after that time.
const CHECK_EVERY_MS = 5 * 60_000;
// The worst last.
const LEVELS = ["confirmed", "doubtful", "failed"];

const verdictBox = document.querySelector(".verdict");
const reasons = verdictBox.querySelector("[data-reasons]");
const sections = [...document.querySelectorAll("[data-token]")];
const levelOf = (element) => LEVELS.indexOf(element.dataset.level);

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

/** Checks one credential; returns what its results mean for the whole. */
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
  return found;
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
  for (const item of reasons.querySelectorAll("[data-checked]")) item.remove();
  for (const item of found) {
    const { cause, of } = item.dataset;
    if (!reasons.querySelector(`[data-cause="${cause}"][data-of="${of}"]`)) reasons.append(item.cloneNode(true));
  }
  const items = [...reasons.children].sort((one, other) => levelOf(other) - levelOf(one));
  reasons.replaceChildren(...items);
  const level = LEVELS[Math.max(0, ...items.map(levelOf))];
  verdictBox.dataset.level = level;
  verdictBox.querySelector("[data-sentence]").replaceChildren(...word(`sentence-${level}`).cloneNode(true).childNodes);
  verdictBox.querySelector("[data-now]").textContent = say("hire-now-browser");
  verdictBox.querySelector("[data-paper]").textContent = say("hire-paper-browser", { moment: moment(Date.now()) });
}

/** The results of the worst level: what could not be checked does not matter beside what failed. */
function worst(found) {
  const level = Math.max(...found.map(levelOf));
  return found.filter((item) => levelOf(item) === level);
}

/** How many of the credentials on the page have a newer version. */
const countReplaced = () => reasons.querySelectorAll('[data-cause="replaced"]').length;

const replacedWhenLoaded = countReplaced();
let checkedAt = -Infinity;

async function checkAll() {
  checkedAt = performance.now();
  try {
    const found = [];
    for (const section of sections) found.push(...worst(await check(section)));
    conclude(found);
  } catch {
    // Without a secure context there is no cryptography. What the server found stays, but it was not found just now any more.
    for (const section of sections) section.querySelector("[data-note]").textContent = say("hire-browser-failed");
  }
  for (const section of sections) section.dataset.done = "";
}

/** Checks again what was checked some time ago. Where a newer version came, the link may show it: only the server knows. */
async function checkIfOld() {
  const isOld = performance.now() - checkedAt >= CHECK_EVERY_MS;
  if (!isOld || document.visibilityState !== "visible") return;
  await checkAll();
  if (countReplaced() > replacedWhenLoaded) location.reload();
}

beforePrinting(checkAll);
document.addEventListener("visibilitychange", checkIfOld);
setInterval(checkIfOld, CHECK_EVERY_MS / 5);
await checkAll();
