// The comparison of a shared page's texts with the signed claims.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { compareShown, OWN_WORDS } = await load("shown-texts.js");
const CRATES = new URL("../../crates/", import.meta.url);

const job = (role_title, organisation) => ({ role_title, organisation, start_date: "2020-01" });
const career = (by, ...employment) => ({ full_name: "Ada Example", attested_by: { name: by }, employment });

/** Returns what a page shows of these claims. */
function shownOf(...signed) {
  const jobs = signed.flatMap((claims) =>
    claims.employment.map(({ role_title: role, organisation }) => ({ role, organisation, by: claims.attested_by.name })),
  );
  const ofJobs = jobs.flatMap(({ role, organisation, by }) => [role, organisation, by].map((text) => ({ text, by })));
  const lines = [{ text: "Ada Example shared these records with you. You can verify each one." }, { text: "Career" }];
  return { texts: [{ text: "Ada Example" }, ...ofJobs], lines, jobs, names: ["Ada Example"] };
}

const rail = career("Acme", job("Porter", "Rail"), job("Surgeon", "Hospital"));
const shop = career("Shop Payroll", job("Cook", "Cafe"), job("Cook", "Cafe"));

test("a page that shows what was signed raises no doubt", () => {
  assert.equal(compareShown(shownOf(rail, shop), [rail, shop]), undefined);
  const byCategory = career("Acme", { organisation: "Rail", role_classification: "Driver" });
  const shown = { ...shownOf(rail), jobs: [{ role: "Driver", organisation: "Rail", by: "Acme" }] };
  shown.texts = [{ text: "Acme", by: "Acme" }, { text: "Driver", by: "Acme" }];
  assert.equal(compareShown(shown, [byCategory]), undefined);
});

test("the order of the jobs on the page does not matter", () => {
  const shown = shownOf(rail, shop);
  const other = { ...shown, jobs: shown.jobs.toReversed(), texts: shown.texts.toReversed() };
  for (const signed of [[rail, shop], [shop, rail]]) assert.equal(compareShown(other, signed), undefined);
});

test("texts that were not signed come first", () => {
  const shown = shownOf(rail);
  const doubt = (...texts) => ({ key: "verdict-shown-browser", texts });
  assert.deepEqual(compareShown({ ...shown, texts: [...shown.texts, { text: "Director", by: "Acme" }] }, [rail]), doubt("Director"));
  // What another organisation signed is not this one's word.
  assert.deepEqual(compareShown({ ...shown, texts: [...shown.texts, { text: "Cook", by: "Acme" }] }, [rail, shop]), doubt("Cook"));
  const exchanged = [{ role: "Surgeon", organisation: "Rail", by: "Acme" }, { role: "Porter", organisation: "Hospital", by: "Acme" }];
  assert.deepEqual(compareShown({ ...shown, jobs: exchanged }, [rail]), doubt("Surgeon, Rail", "Porter, Hospital"));
  assert.deepEqual(compareShown({ ...shown, jobs: [...shown.jobs, shown.jobs[0]] }, [rail]), doubt("Porter, Rail"));
  const texts = ["1", "2", "3", "4", "5", "6"].map((text) => ({ text }));
  assert.equal(compareShown({ ...shown, texts }, [rail]).texts.length, 5);
  assert.deepEqual(compareShown(shown, [rail], ["Education"]), doubt("Education"));
});

test("signed texts that the page lacks are missing", () => {
  const shown = shownOf(rail, shop);
  const doubt = (...texts) => ({ key: "verdict-missing-browser", texts });
  const without = (at) => ({ ...shown, jobs: shown.jobs.filter((_, index) => index !== at) });
  assert.deepEqual(compareShown(without(1), [rail, shop]), doubt("Surgeon, Hospital"));
  assert.deepEqual(compareShown(without(3), [rail, shop]), doubt("Cook, Cafe"), "as often as it was signed");
  assert.deepEqual(compareShown({ ...shownOf(rail), names: ["Jane Roe"] }, [rail]), doubt("Ada Example"));
  const nothing = { texts: [], lines: [], jobs: [], names: [] };
  assert.deepEqual(compareShown(nothing, [rail]), doubt("Ada Example", "Acme", "Porter, Rail", "Surgeon, Hospital"));
});

const degree = {
  full_name: "Ada Example",
  attested_by: { name: "Harbour University" },
  course_name: "Bachelor of Arts",
  majors: ["Physics", "Word and Image", "C++"],
};
const right = { full_name: "Ada Example", attested_by: { name: "Rights Office" }, country: "CI" };

/** Returns the doubt about a page that shows these claims, and this line beside `by`. */
function doubtOf(text, claims, by = claims.attested_by.name) {
  const shown = { texts: [{ text: by, by }], lines: [{ text, by }], jobs: [], names: ["Ada Example"] };
  return compareShown(shown, [claims]);
}

test("headings consist of signed texts and words of this site", () => {
  for (const [line, claims] of [
    ["Bachelor of Arts", degree],
    ["Education", degree],
    ["Bachelor of Arts (Honours), Physics, Word and Image and C++ (completed, awaiting graduation)", degree],
    ["Career of Ada Example", degree],
    ["May work in Côte d’Ivoire", right],
    ["IELTS Academic: 7.5 (CEFR C1)", { ...degree, test_name: "IELTS Academic", test_scores: { overall: { score: "7.5" }, cefr_scores: { combined: "C1" } } }],
    ["مهندسة, 工程师", { ...degree, course_name: "مهندسة", majors: ["工程师"] }],
  ]) {
    assert.equal(doubtOf(line, claims), undefined, line);
  }
  for (const [line, claims] of [
    ["Doctor of Arts", degree],
    ["Bachelor of Arts, Director", degree],
    // A part of a signed text is another text.
    ["Bachelor of Physics", degree],
    ["Bachelor of Arts, Word", degree],
    ["IELTS Academic: 9 (CEFR C2)", { ...degree, test_name: "IELTS Academic", test_scores: { overall: { score: "7.5" }, cefr_scores: { combined: "C1" } } }],
    ["May work in Côte d’Ivoire", degree],
    ["Jane Roe shared these records with you. You can verify each one.", degree],
  ]) {
    assert.deepEqual(doubtOf(line, claims), { key: "verdict-shown-browser", texts: [line] });
  }
});

test("the words of this site in headings are those of the server", async () => {
  const pages = await readFile(new URL("server/locales/en/shares.ftl", CRATES), "utf8");
  const textOf = (key) => pages.match(new RegExp(`^${key} = (.*)$`, "m"))[1];
  const texts = ["hire-lead", "hire-lead-names", "hire-career", "hire-career-of"].map(textOf);
  const types = new URL("credential/src/types/", CRATES);
  for (const file of (await readdir(types)).filter((name) => name.endsWith(".rs"))) {
    const source = await readFile(new URL(file, types), "utf8");
    texts.push(...[...source.matchAll(/^ {4}title: "(.*)",$/gm)].map(([, title]) => title));
    // The title of a career is always that of its type.
    const headline = file === "career_history.rs" ? "" : (source.match(/^fn headline\(.*?^}/ms)?.[0] ?? "");
    const literals = [...headline.matchAll(/"([^"]*)"/g)].map(([, literal]) => literal);
    // The others are names and values of members.
    texts.push(...literals.filter((literal) => !/^[a-z_]+$/.test(literal)));
  }
  assert.ok(texts.includes("Right to work") && texts.includes("Identity verified {how}"), texts.join());
  const words = texts.flatMap((text) => text.replace(/\{[^}]*\}/g, " ").split(/\P{L}+/u)).filter((word) => word !== "");
  assert.deepEqual(words.filter((word) => !OWN_WORDS.has(word.toLowerCase())), []);
});
