// Finding the token in pasted text: the same cases as for the server's parser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";

const { decodeText, findToken, MAX_CHARACTERS, textOf } = await load("pasted.js");
const CASES = new URL("../../crates/credential/tests/signed/pasted.json", import.meta.url);

function encode(text, encoding) {
  const [, name, mark] = /^(.*?)(-bom)?$/.exec(encoding);
  const marked = mark ? `\u{feff}${text}` : text;
  if (name === "latin-1") return Buffer.from(text, "latin1");
  if (name === "utf-8") return Buffer.from(marked, "utf8");
  const bytes = Buffer.from(marked, "utf16le");
  return name === "utf-16be" ? bytes.swap16() : bytes;
}

const outcome = (found) => found.then((token) => ({ token }), ({ code }) => ({ refusal: code }));

for (const { name, text, encoding, content, ...expected } of JSON.parse(await readFile(CASES, "utf8"))) {
  test(`pasted: ${name}`, async () => {
    const found = (async () => findToken(textOf(new Uint8Array(encode(text, encoding)))))();
    assert.deepEqual(await outcome(found), expected);
    const recognised = await found.then(() => undefined, (error) => error.content);
    assert.equal(recognised, content);
  });
}

test("bytes that are not text contain no token", () => {
  assert.throws(() => decodeText(Uint8Array.of(0xc3, 0x28)), { code: "not_a_token" });
  assert.throws(() => decodeText(Uint8Array.of(0xff, 0xfe, 0x00, 0xdc)), { code: "not_a_token" });
});

test("a long text is rejected before it is searched", async () => {
  const token = "eyJ9.e30.A";
  const most = " ".repeat(MAX_CHARACTERS - token.length) + token;
  assert.deepEqual(await outcome(findToken(most)), { token });
  assert.deepEqual(await outcome(findToken(`${most} `)), { refusal: "too_long" });
});

test("a text that looks like many tokens is searched at once", async () => {
  const many = "eyJ.a.b,".repeat(100_000);
  assert.deepEqual(await outcome(findToken(many)), { token: "eyJ.a.b" });
  assert.deepEqual(await outcome(findToken("e.".repeat(1_000_000))), { refusal: "not_a_token" });
  assert.deepEqual(await outcome(findToken("ey".repeat(1_000_000))), { refusal: "not_a_token" });
});
