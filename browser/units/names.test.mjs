// The browser's comparison of names: the pairs of the server's tests, and the same lists.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { compareAll, compareNames, LISTS, namesOf, PAIRS } = await load("names.js");
const CREDENTIAL = new URL("../../crates/credential/", import.meta.url);
const source = (path) => readFile(new URL(path, CREDENTIAL), "utf8");

test("the lists are those of the server", async () => {
  const lists = await source("src/names/lists.rs");
  for (const [name, words] of Object.entries(LISTS)) {
    const [, after] = lists.split(`const ${name}: &[&str] = &[`);
    const body = after.split("];")[0].replace(/\/\/.*$/gm, "");
    assert.equal(words, [...body.matchAll(/"([^"]+)"/g)].map(([, word]) => word).join(" "), name);
  }
});

test("the pairs of spellings are those of the server", async () => {
  const lists = await source("src/names/lists.rs");
  for (const [name, pairs] of Object.entries(PAIRS)) {
    const [, after] = lists.split(`const ${name}: &[(&str, &str)] = &[`);
    const found = after.split("];")[0].matchAll(/\("([^"]+)", "([^"]+)"\)/g);
    assert.deepEqual(pairs, [...found].map(([, one, other]) => [one, other]), name);
  }
});

/** Returns the pairs of names in a test of the server, each with the server's verdict. */
async function pairsOf(path, name = "assert_all") {
  const text = (literal) => literal.replace(/\\u\{([0-9A-F]+)\}/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)));
  const call = new RegExp(`${name}\\(\\s*"?([^",]+)"?,\\s*&\\[(.*?)\\]\\s*,?\\s*\\);`, "gs");
  const calls = (await source(path)).matchAll(call);
  return [...calls].flatMap(([, verdict, body]) =>
    [...body.matchAll(/\(\s*"([^"]*)",\s*"([^"]*)",?\s*\)/g)].map(([, one, other]) => [verdict, text(one), text(other)]),
  );
}

test("names are the same here only if they are the same there", async () => {
  const pairs = [...(await pairsOf("tests/names/specified.rs")), ...(await pairsOf("tests/names/regions.rs"))];
  assert.ok(pairs.length > 200, `${pairs.length} pairs`);
  for (const [verdict, one, other] of pairs) {
    const found = compareNames(one, other);
    assert.equal(compareNames(other, one), found, `${one} ~ ${other}`);
    // A weak name that is written alike is no other name in one wallet.
    const isSame = verdict === "same" || one === other;
    assert.equal(found === "same", isSame, `${one} ~ ${other}: ${verdict}, ${found}`);
    if (verdict === "different") assert.equal(found, "different", `${one} ~ ${other}`);
    if (verdict === "not_comparable script") assert.equal(found, "scripts", `${one} ~ ${other}`);
  }
});

test("words in a script that both names have can contradict each other", async () => {
  const pairs = await pairsOf("tests/names/other_scripts.rs", "assert_scripts");
  assert.ok(pairs.length > 10, `${pairs.length} pairs`);
  for (const [areApart, one, other] of pairs) {
    const expected = areApart === "true" ? "scripts" : "different";
    assert.equal(compareNames(one, other), expected, `${one} ~ ${other}`);
    assert.equal(compareNames(other, one), expected, `${other} ~ ${one}`);
  }
});

test("quoted nicknames, ordinals and connectors are read as on the server", () => {
  for (const [one, other, expected] of [
    ['Wei Ming "Jason" Tan', "WEI MING “JASON” TAN", "same"],
    ['Wei Ming "Jason" Tan', "Wei Ming («Jason») Tan", "same"],
    ['Wei "Jason" Tan', 'WEI "JASON" TAN', "unsure"],
    ['Wei Ming "Jason" Tan', "Wei Ming Tan", "unsure"],
    ['Wei Ming "Jason Tan', 'WEI MING "JASON TAN', "different"],
    ['"Wei Ming Tan"', "Wei Ming Tan", "different"],
    ["John Smith 3rd", "John Smith III", "same"],
    ["Smith, John, 2nd.", "JOHN SMITH II", "same"],
    ["John Smith 3rd", "John Smith 2nd", "different"],
    ["John 3rd Floor", "JOHN 3RD FLOOR", "different"],
    ["Li Na 2", "LI NA 2", "different"],
    ["Priya W / O Ramesh", "PRIYA w/o RAMESH", "same"],
    ["Awang a/k Jugah", "Awang anak Jugah", "same"],
    ["Jon/Ana Hale", "JON/ANA HALE", "different"],
  ]) {
    assert.equal(compareNames(one, other), expected, `${one} ~ ${other}`);
    assert.equal(compareNames(other, one), expected, `${other} ~ ${one}`);
  }
});

test("names are whole or in two parts, as for tenure verify", () => {
  for (const [claims, expected] of [
    [{ full_name: "Ada Marker", given_name: "A.", family_name: "B." }, ["Ada Marker"]],
    [{ given_name: "Ada", family_name: "Marker" }, ["Ada Marker"]],
    [{ given_name: "", family_name: "Suharjo" }, ["Suharjo"]],
    [{ given_name: "Ad\u202ea\n", family_name: "\u2066Lovelace" }, ["Ada Lovelace"]],
    [{ family_name: "Suharjo" }, []],
    [{ full_name: "\u202e" }, []],
    [{ given_name: 1, family_name: "Suharjo" }, []],
    [{}, []],
  ]) {
    assert.deepEqual(namesOf(claims, "dc+sd-jwt"), expected, JSON.stringify(claims));
    assert.deepEqual(namesOf({ credentialSubject: claims, full_name: "Not the subject" }, "vc+jwt"), expected);
  }
  const credentialSubject = [{ full_name: "Ada" }, { full_name: "Bo" }, { full_name: "Ada" }];
  assert.deepEqual(namesOf({ credentialSubject }, "vc+jwt"), ["Ada", "Bo"]);
  assert.deepEqual(namesOf(undefined, "vc+jwt"), []);
});

test("several names have the result of the worst pair", () => {
  for (const [names, expected] of [
    [[], "same"],
    [["Suharjo"], "same"],
    [["John Doe", "DOE, John", "John Doe"], "same"],
    [["Lim Bao Yi (Joy)", "Lim (Joy) Bao Yi"], "unsure"],
    [["John Doe", "John Michael Doe"], "different"],
    [["Tan Wei Ming", "Wei Ming Tan"], "different"],
    [["Suharjo", "SUHARJO"], "different"],
    [["John Doe", "Jane Roe 2"], "different"],
    [["山田太郎", "ヤマダ タロウ"], "scripts"],
    [["高橋 さくら", "たかはし さくら"], "scripts"],
    [["山田太郎", "高橋さくら"], "different"],
    [["\ua984\ua9b8\ua98f", "\u0787\u07a6\u078d"], "scripts"],
    [["王小禾", "John Doe", "DOE, John"], "scripts"],
    [["王小禾", "John Doe", "Jane Roe"], "different"],
  ]) {
    assert.equal(compareAll(names), expected, names.join("; "));
  }
});
