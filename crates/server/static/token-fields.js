// Shows the content of a token: labels and values, never as HTML.
import { endOf } from "./dates.js";
import { areJobs, hasBegun, hasEnd, listed } from "./job-order.js";
import { localMoment } from "./local-time.js";
import { element, moment, say } from "./verdicts.js";
import { parseTime, yearOf } from "./vc-jwt.js";

const MAX_ENTRIES = 2000;
const DEPTH = 8;
const LABEL = 80;
// The last second that a Date can represent.
const LAST_SECOND = 8_640_000_000_000;

// Claims about the token, or that `facts` shows.
const ENVELOPE = new Set(
  "iss iat nbf exp cnf vct vct#integrity aka_vcts status sub jti attested_by attested_at".split(" "),
);

// Fields whose names in words are not those of the pages.
const LABELS = new Map([
  ["employment", "token-label-jobs"],
  ["partner_chain", "token-label-chain"],
  ["last_processed_month", "token-label-data-to"],
  ["role_classification", "token-label-role-type"],
]);

// Properties of a W3C credential's subject that describe its graph node.
const SUBJECT = new Set(["id", "type"]);

/** Returns the fields of a token. */
export function fieldsOf(claims, format) {
  const isW3c = format === "vc+jwt";
  const said = isW3c ? claims?.credentialSubject : claims;
  if (!isCompound(said)) return {};
  return Object.fromEntries(Object.entries(said).filter(([name]) => !(isW3c ? SUBJECT : ENVELOPE).has(name)));
}

/**
 * Returns the issuer, the dates and other metadata of a token, and the number of undisclosed
 * details.
 */
export function facts(claims, { metadata, signer, notShown, isOwn }) {
  const kind = metadata?.name ?? claims.vct ?? claims.name;
  const attested = claims.attested_at ?? claims.attestedAt;
  const entries = [
    ["token-fact-kind", kind],
    ["token-fact-issuer", signer],
    ["token-fact-attester", attester(claims)],
    ["token-fact-attested", typeof attested === "string" ? plain(attested) : undefined],
    ["token-fact-signed", time(claims.iat ?? claims.nbf ?? parseTime(claims.validFrom))],
    ["token-fact-until", time(endOf(claims))],
    ["token-fact-not-shown", leftOut(claims, notShown, isOwn)],
  ];
  const list = element("dl", "", "facts");
  for (const [key, value] of entries) {
    if (typeof value === "string") list.append(entry(say(key), text(value)));
    else if (value instanceof HTMLElement) list.append(entry(say(key), value));
  }
  return list;
}

// The count is exact for this site's own numbered credential types, which contain no decoy digests.
// Others may.
function leftOut({ vct }, count, isOwn) {
  if (!count) return undefined;
  const isExact = isOwn && /\/credentials\/[a-z_]+\/\d+$/.test(vct);
  return isExact ? String(count) : say("token-not-shown-at-most", { count });
}

/** Returns the institution that the issuer names as its source. */
export function attester(claims) {
  const name = (claims.attested_by ?? claims.attestedBy)?.name;
  return typeof name === "string" ? name : undefined;
}

// In the reader's time zone, with the time in UTC as a detail.
function time(seconds) {
  if (typeof seconds !== "number") return undefined;
  if (Math.abs(seconds) > LAST_SECOND) return say("token-year", { year: yearOf(seconds) });
  const millis = seconds * 1000;
  const place = element("time", localMoment(millis));
  place.dateTime = new Date(millis).toISOString();
  place.title = moment(millis);
  return place;
}

/**
 * Renders a list of fields. Known fields come first, in the order of their types; the others follow
 * by name. `isOwn` says whether this site signed them.
 */
export function fieldList(fields, isOwn) {
  return new Fields(isOwn).members(fields, 0);
}

class Fields {
  #order = say("field-order").split(" ");
  #left = MAX_ENTRIES;
  #isOwn;

  constructor(isOwn) {
    this.#isOwn = isOwn;
  }

  #place(name) {
    const place = this.#order.indexOf(name);
    return place === -1 ? this.#order.length : place;
  }

  members(fields, depth) {
    const list = element("dl", "", "facts");
    const sorted = [...fields].sort(([one], [other]) => this.#place(one) - this.#place(other) || (one < other ? -1 : 1));
    const isJob = fields.some(([name]) => name === "last_processed_month");
    for (const [name, given] of sorted) {
      if (this.#left-- <= 0) return list;
      const value = this.#arranged(name, given);
      list.append(entry(labelOf(name, isJob), this.value(value, depth + 1), isCompound(value)));
    }
    return list;
  }

  /** Returns the value of a field as the other pages show it. */
  #arranged(name, value) {
    if (name === "employment" && areJobs(value)) return listed(value).map((job) => (this.#isOwn ? withEnd(job) : job));
    return name === "partner_chain" ? chain(value) : value;
  }

  value(value, depth) {
    if (!isCompound(value)) return text(plain(value));
    if (depth > DEPTH) return text(JSON.stringify(value));
    if (!Array.isArray(value)) return this.members(Object.entries(value), depth);
    const list = element("ol", "", "token-items");
    for (const item of value) {
      if (this.#left-- <= 0) return list;
      const place = document.createElement("li");
      place.append(this.value(item, depth + 1));
      list.append(place);
    }
    return list;
  }
}

// This site signs a job whole, so one without an end has none. Others may have withheld it.
const withEnd = (job) => (hasEnd(job) || !hasBegun(job) ? job : { ...job, end_date: say("token-present") });

/** Returns the names of a partner chain; the value itself if it is something else. */
function chain(value) {
  const isNamed = (link) => typeof link?.name === "string" && Object.keys(link).length === 1;
  if (!Array.isArray(value) || !value.every(isNamed)) return value;
  return value.length === 1 ? value[0].name : value.map(({ name }) => name);
}

const isCompound = (value) => typeof value === "object" && value !== null && Object.keys(value).length > 0;

function entry(name, value, isWide = false) {
  const pair = element("div", "", isWide ? "wide" : "");
  const [term, description] = [element("dt", name), document.createElement("dd")];
  term.dir = "auto";
  description.append(value);
  pair.append(term, description);
  return pair;
}

// Isolated, so that the direction of untrusted text does not affect the text around it.
const text = (words) => element("bdi", words);

/** Returns the label of a field: that of the other pages, or its name in words. */
function labelOf(name, isJob) {
  if (isJob && name === "organisation") return say("token-label-employer");
  return LABELS.has(name) ? say(LABELS.get(name)) : label(name);
}

/** Converts "role_title" or "roleTitle" to words. */
function label(name) {
  const words = name.replace(/[_-]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").trim().slice(0, LABEL).toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function plain(value) {
  if (value === true) return say("token-yes");
  if (value === false) return say("token-no");
  if (value === null || typeof value === "object") return "–";
  const [, year, month, day] = /^(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?$/.exec(value) ?? [];
  if (day) return say("day", { day: String(Number(day)), month: say(`month-${Number(month)}`), year });
  if (month) return say("month-year", { month: say(`month-${Number(month)}`), year });
  return String(value);
}
