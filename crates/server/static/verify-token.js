// Verifies a pasted or dropped token in the browser. The token is not sent anywhere. This site's
// own keys and status lists are fetched immediately. Those of another issuer are fetched only after
// a click, because its site learns of the request.
import { doubtOf } from "./doubts.js";
import { hasBareKey, siteOf } from "./issuer.js";
import { localMoment } from "./local-time.js";
import { namesOf } from "./names.js";
import { findToken, MAX_BYTES, textOf } from "./pasted.js";
import { Refusal } from "./sd-jwt.js";
import { attester, facts, fieldList, fieldsOf } from "./token-fields.js";
import { element, fillRow, phrase, reasonOf, say, shownOutcome, word } from "./verdicts.js";
import { read, refusalOfClaims, refusalOfDates, verify } from "./verify.js";

// The messages for tokens of kinds that are not supported, by the code of their rejection.
const UNSUPPORTED = {
  algorithm: "token-algorithm",
  older: "token-older-type",
  other: "token-kind",
  hash_algorithm: "token-hash-algorithm",
  issuer_name: "token-no-issuer",
  "data-model": "token-data-model",
  "access-token": "token-other-access-token",
  "key-proof": "token-other-key-proof",
  "key-binding": "token-other-key-binding",
  attestation: "token-other-attestation",
  "status-list": "token-other-status-list",
  presentation: "token-other-presentation",
  request: "token-other-request",
  metadata: "token-other-metadata",
};
// Content that may be a credential, in a form that is not supported.
const OTHER_FORMS = ["jwe", "json-ld", "json-jws"];
// Reasons why the status is not known that may be gone later.
const PASSING = ["unanswered", "no_list", "list_expired", "list_not_yet_valid"];
// Codes of failures that do not say which signature or document they are about.
const OF_STATUS = ["revoked", "suspended", "replaced"];
const OF_HOLDER = ["signature", "key_confusion", "claim", "type", "malformed", "algorithm", "critical_header"];
// Maximum number of characters of an issuer in a message.
const MOST_SHOWN = 200;
const NO_TOKEN = ["not_a_token", "several_tokens", "too_long"];

const [form, input, file, verdict, result, progress] = ["form", "text", "file", "verdict", "result", "progress"].map(
  (name) => document.getElementById(`token-${name}`),
);
const askIssuer = (address, options) => window.fetch(address, options);
let runs = 0;

/** Runs a check. The result of an earlier one is discarded once another has begun. */
async function run(check) {
  runs += 1;
  const number = runs;
  result.replaceChildren();
  verdict.hidden = true;
  progress.textContent = say("token-checking");
  const found = await check().catch(failure);
  if (number !== runs) return;
  progress.textContent = "";
  input.setAttribute("aria-invalid", String(found.isNoToken ?? false));
  showVerdict(found);
  result.replaceChildren(...(found.parts ?? []));
  document.getElementById("token-another").hidden = found.isNoToken ?? false;
}

function showVerdict({ level, key, values, more = [] }) {
  const [sentence, line, place] = ["strong", "p", "div"].map((name) => document.createElement(name));
  sentence.append(...phrase(word(key).textContent, values));
  line.append(sentence);
  place.append(line, ...more);
  verdict.replaceChildren(place);
  verdict.dataset.level = level;
  verdict.hidden = false;
  verdict.focus();
}

/**
 * Returns the message for an error. Like the server, the page describes a rejected token as
 * invalid, unless only its kind is not supported and it has not expired.
 */
function failure(error) {
  if (!(error instanceof Refusal)) return { level: "doubtful", key: "token-broken" };
  if (OTHER_FORMS.includes(error.content)) return { level: "doubtful", key: `token-content-${error.content}` };
  if (error.content) return { level: "failed", key: `token-content-${error.content}`, isNoToken: true };
  if (error.isCut) return { level: "failed", key: "token-missing-tilde" };
  const over = refusalOfDates(error, error.token ?? "", Math.floor(Date.now() / 1000));
  if (over) return bad(over);
  if (error.code === "limit") return { level: "doubtful", key: "token-no-key", values: { reason: unchecked(error) } };
  const { kind = error.code, values } = error;
  if (error.isUnsupported) return { level: "doubtful", key: UNSUPPORTED[kind], values };
  const why = reasonOf({ ...error, outcome: "failed" });
  if (NO_TOKEN.includes(error.code)) {
    // What is too long was not searched.
    const level = error.code === "too_long" ? "doubtful" : "failed";
    return { level, key: why.dataset.key, isNoToken: true };
  }
  const reason = error.isUnsigned ? say("token-not-signed") : why.textContent;
  return { level: "failed", key: "token-bad", values: { reason } };
}

/** Returns the message for a rejection that only its code and detail explain. */
const bad = (error) => ({ level: "failed", key: "token-bad", values: { reason: inWords({ ...error, outcome: "failed" }) } });

const unchecked = (error) => inWords({ ...error, outcome: "unchecked" });

/** Returns the reason of a verdict as text. */
const inWords = (verdict) => say(reasonOf(verdict).dataset.key, verdict.values);

async function check(text) {
  const token = await findToken(text);
  const presentation = await read(token).catch((error) => {
    throw Object.assign(error, { token });
  });
  const { issuer } = presentation;
  const site = issuer === undefined ? {} : await siteOfIssuer(issuer);
  if (!site || site.origin === location.origin) return report(token, presentation, site);
  if (!site.origin?.startsWith("https:")) {
    // An expired token is not valid, also if its issuer cannot be looked up.
    const over = refusalOfClaims(presentation, Math.floor(Date.now() / 1000));
    if (over) return bad(over);
    if (issuer === undefined) return { level: "doubtful", key: "token-no-issuer" };
    return { level: "doubtful", key: "token-issuer-name", values: { issuer: shown(issuer) } };
  }
  return { level: "doubtful", key: "token-ask", values: { issuer }, more: [askButton(token, presentation, site)] };
}

// The keys of an issuer that is not named by an address cannot be looked up. That proves nothing
// about the token.
async function siteOfIssuer(issuer) {
  try {
    const site = siteOf(issuer, location.origin);
    return site === undefined && !(await hasBareKey(issuer)) ? {} : site;
  } catch (error) {
    if (error.code !== "issuer_name") throw error;
    return {};
  }
}

const shown = (issuer) => (typeof issuer === "string" ? issuer : JSON.stringify(issuer)).slice(0, MOST_SHOWN);

function askButton(token, presentation, site) {
  const line = element("div", "", "actions");
  const button = element("button", say("token-ask-site", { issuer: site.origin }));
  button.type = "button";
  button.addEventListener("click", () => run(() => report(token, presentation, site)));
  line.append(button);
  return line;
}

async function report(token, { issuer, format }, site) {
  const { claims, notShown, metadata, verdicts } = await verify(token, { origin: site?.origin, fetch: askIssuer });
  const isOwn = site?.origin === location.origin;
  const fields = fieldsOf(claims, format);
  const told = verdicts.map((verdict) => ({ ...verdict, values: { ...verdict.values, issuer } }));
  const parts = [];
  // Unsigned content is not shown: it could make false claims under this site's name.
  const isSigned = told.find(({ step }) => step === "signature").outcome === "passed";
  if (isSigned) {
    const signer = say(isOwn ? "token-signer-own" : "token-signer-other", { issuer });
    parts.push(element("h2", say("token-said")), fieldList(Object.entries(fields), isOwn));
    parts.push(facts(claims, { metadata, signer, notShown, isOwn }));
  }
  const rows = element("ol", "", "verdicts");
  rows.append(...told.map(row));
  if (isSigned) rows.append(row(verdictOfNames(namesOf(claims, format))));
  parts.push(element("h2", say("token-checks")), rows);
  parts.push(element("p", say("token-checked", { moment: localMoment(Date.now()) }), "muted"));
  const about = { issuer, partner: attester(claims ?? {}), name: typeof fields.full_name === "string" && fields.full_name };
  const { level, key, values } = conclude(told, isOwn, { ...about, fields });
  return { level, key, values: { ...about, ...values }, parts };
}

/** Returns the verdict about the names, which only the reader can compare with the person. */
function verdictOfNames({ length }) {
  const code = ["names_none", "names_one"][length] ?? "names_several";
  return { step: "names", outcome: "unchecked", code, asked: [] };
}

/** Creates the row of a verdict. */
function row(verdict) {
  const item = document.createElement("li");
  item.dataset.step = verdict.step;
  const said = document.createElement("div");
  const [reason, asked] = ["p", "div"].map((name) => document.createElement(name));
  [reason.dataset.reason, asked.dataset.asked] = ["", ""];
  said.append(element("strong", say(`step-${verdict.step}`)), reason, asked);
  item.append(element("span", "", "outcome"), said);
  fillRow(item, verdict);
  return item;
}

/** Returns the level and the text key of the summary. Failures take precedence over doubts. */
function conclude(verdicts, isOwn, { partner, name, fields }) {
  const by = Object.fromEntries(verdicts.map((verdict) => [verdict.step, verdict]));
  const failed = verdicts.find((verdict) => shownOutcome(verdict) === "failed");
  if (failed) return { level: "failed", key: keyOf(failed), values: { reason: inWords(failed) } };
  const doubt = (key, values) => ({ level: "doubtful", key, values });
  if (by.signature.code === "browser") return doubt("token-browser");
  if (by.signature.outcome !== "passed") return unsigned(by.signature);
  if (by.dates.outcome !== "passed") return doubt("token-dates", { reason: inWords(by.dates) });
  if (by.issuer.outcome !== "passed") return doubt("token-bare-key");
  if (by.holder.code === "holder_key") return doubt("token-holder");
  if (by.status.code === "replaced") return doubt("token-replaced");
  // A token without a status cannot be revoked.
  const hasNoStatus = by.status.code === "no_status";
  const isStatusKnown = hasNoStatus || by.status.outcome === "passed";
  if (!isStatusKnown && !PASSING.includes(by.status.code)) {
    const reason = inWords(by.status);
    return doubt(isOwn ? "token-status-reason" : "token-outside-status-reason", { reason });
  }
  if (!isOwn) return doubt(isStatusKnown ? "token-outside" : "token-outside-status");
  if (!isStatusKnown) return doubt("token-status");
  const known = doubtOf(fields, Date.now());
  if (known) return { level: "doubtful", ...known };
  if (hasNoStatus) return { level: "confirmed", key: "token-good-no-status" };
  return { level: "confirmed", key: partner && name ? "token-good" : "token-good-plain" };
}

/** Returns the level and the text key for a signature that could not be checked. */
function unsigned(verdict) {
  if (verdict.code !== "unanswered") return { level: "doubtful", key: "token-no-key", values: { reason: inWords(verdict) } };
  return { level: "doubtful", key: verdict.detail ? "token-no-key-status" : "token-unreachable", values: verdict.values };
}

/** Returns the text key for a failed check. Some codes do not say what part of the token failed. */
function keyOf({ step, code }) {
  if (step === "status" && !OF_STATUS.includes(code)) return "token-bad-list";
  return step === "holder" && OF_HOLDER.includes(code) ? "token-bad-holder" : "token-bad";
}

async function checkFile(chosen) {
  await run(async () => {
    if (chosen.size > MAX_BYTES) throw new Refusal("too_long");
    const text = textOf(new Uint8Array(await chosen.arrayBuffer()));
    input.value = text;
    return check(text);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.value.trim() === "") return input.focus();
  run(() => check(input.value));
});
file.addEventListener("change", () => file.files[0] && checkFile(file.files[0]));
// By default the browser would navigate to a dropped file.
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [dropped] = event.dataTransfer.files;
  if (!dropped) return;
  event.preventDefault();
  checkFile(dropped);
});
form.hidden = false;
