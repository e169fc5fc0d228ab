// Rewrites the moments and days of a page to the reader's time zone, and keeps the time left
// current. On paper they stay in UTC, because readers of a printout may be elsewhere.
import { dayInWords, leftInWords, momentInWords } from "./moments.js";

// Short enough that minutes are right within seconds.
const EVERY_MS = 5_000;

const language = document.documentElement.lang;
const { local, left, soon } = document.body.dataset;
const moments = [...document.querySelectorAll("time[data-local]")];
// Kept in the page, because a module that is imported by another address runs once more.
for (const element of moments) element.dataset.utc ??= element.textContent;

/** Formats a time as the page shows moments, like "Mon 30 Nov, 06:29, your time". */
export const localMoment = (millis) => local.replace("{moment}", momentInWords(millis, Date.now(), language));

const millisOf = (element) => Date.parse(element.dateTime);

function showLocal() {
  for (const element of moments) {
    const [millis, isDay] = [millisOf(element), element.dataset.local === "day"];
    element.textContent = isDay ? dayInWords(millis, language) : localMoment(millis);
    element.title = isDay ? localMoment(millis) : element.dataset.utc;
  }
}

function showUtc() {
  for (const element of moments) element.textContent = element.dataset.utc;
}

/** Returns the text of an element with the time left. It may have texts of its own. */
function leftText(element) {
  const millis = millisOf(element) - Date.now();
  if (millis < 0 && element.dataset.over) return element.dataset.over;
  const words = leftInWords(millis, language);
  if (words === undefined) return element.dataset.soon || soon;
  return (element.dataset.left || left).replace("{time}", words);
}

function showLeft() {
  for (const element of document.querySelectorAll("time[data-left]")) {
    const text = leftText(element);
    if (element.textContent !== text) element.textContent = text;
  }
}

showLocal();
showLeft();
setInterval(showLeft, EVERY_MS);
addEventListener("beforeprint", showUtc);
addEventListener("afterprint", showLocal);
