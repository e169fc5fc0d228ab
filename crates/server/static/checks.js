// Makes the checks of a shared link again in the hirer's browser, and puts what it found in the place of what the server
// said. The words come from the page; what is checked comes from the token that the page holds.
import { verify } from "./verify.js";

const texts = new Map();
for (const entry of document.getElementById("words").content.querySelectorAll("[data-key]")) {
  texts.set(entry.dataset.key, entry.textContent);
}

function say(key, values = {}) {
  const text = texts.get(key) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function moment(millis) {
  const at = new Date(millis);
  const time = at.toISOString().slice(11, 16);
  const month = say(`month-${at.getUTCMonth() + 1}`);
  return say("moment", { day: at.getUTCDate(), month, year: at.getUTCFullYear(), time });
}

const element = (name, text, className) => {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
};

// That a newer version exists is no alarm.
const weight = ({ outcome, code }) => (code === "replaced" ? "doubtful" : outcome);

function row({ step, outcome, code, asked }) {
  const prefix = { passed: "passed", failed: "refused", unchecked: "unchecked" }[outcome];
  const item = document.createElement("li");
  const weighed = weight({ outcome, code });
  item.className = `outcome-${weighed}`;
  item.dataset.step = step;
  const said = document.createElement("div");
  said.append(element("strong", say(`step-${step}`)), element("p", say(`${prefix}-${code}`.replaceAll("_", "-"))));
  for (const { address, at } of asked) {
    said.append(element("p", say("hire-asked", { address, moment: moment(at) }), "asked"));
  }
  item.append(element("span", say(`outcome-${weighed}`), "outcome"), said);
  return item;
}

function together(verdicts) {
  const weights = verdicts.map(weight);
  if (weights.includes("failed")) return "hire-some-failed";
  if (weights.includes("doubtful")) return "hire-some-doubtful";
  return verdicts.every(({ outcome }) => outcome === "passed") ? "hire-all-passed" : "hire-some-unchecked";
}

async function check(section) {
  const note = section.querySelector("[data-checked]");
  const summary = section.querySelector("[data-together]");
  try {
    const token = document.getElementById(section.dataset.token).textContent;
    const { audience, nonce } = section.dataset;
    const fetch = (address, options) => window.fetch(address, options);
    const { verdicts } = await verify(token, { origin: location.origin, audience, nonce, fetch });
    section.querySelector(".verdicts").replaceChildren(...verdicts.map(row));
    summary.dataset.together = together(verdicts);
    summary.firstElementChild.textContent = say(summary.dataset.together);
    note.textContent = note.dataset.checked.replace("{moment}", moment(Date.now()));
  } catch {
    note.textContent = note.dataset.failed;
  }
  section.dataset.done = "";
}

// Without a secure context there is no cryptography; then the server's verdicts stand.
for (const section of document.querySelectorAll("[data-token]")) await check(section);
