// The comparison of a shared page's texts with the signed claims.
import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { compareShown } = await load("shown-texts.js");

const job = (role_title, organisation) => ({ role_title, organisation, start_date: "2020-01" });
const career = (by, ...employment) => ({ full_name: "Ada Example", attested_by: { name: by }, employment });

/** Returns what a page shows of these claims. */
function shownOf(...signed) {
  const jobs = signed.flatMap((claims) =>
    claims.employment.map(({ role_title: role, organisation }) => ({ role, organisation, by: claims.attested_by.name })),
  );
  const ofJobs = jobs.flatMap(({ role, organisation, by }) => [role, organisation, by].map((text) => ({ text, by })));
  return { texts: [{ text: "Ada Example" }, ...ofJobs], jobs, names: ["Ada Example"] };
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
  const nothing = { texts: [], jobs: [], names: [] };
  assert.deepEqual(compareShown(nothing, [rail]), doubt("Ada Example", "Acme", "Porter, Rail", "Surgeon, Hospital"));
});
