// Finding the token in pasted text: the same cases as for the server's parser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { load } from "./modules.mjs";
import { jws, newKey } from "./tokens.mjs";

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

test("a link to a shared page is named", async () => {
  for (const link of ["https://passport.example/share/q1w2e3r4", " http://localhost:8080/share/q1w2#x \n"]) {
    await assert.rejects(findToken(link), { code: "not_a_token", content: "share-link" }, link);
  }
  await assert.rejects(findToken("I share https://passport.example with you"), ({ content }) => content === undefined);
});

test("deeply nested text is not a token", async () => {
  for (const text of ["[".repeat(5000), `${"[".repeat(5000)}${"]".repeat(5000)}`, `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`]) {
    assert.deepEqual(await outcome(findToken(text)), { refusal: "not_a_token" });
  }
});

test("credentials of two formats are several tokens", async () => {
  const [issuer, holder] = [newKey(), newKey()];
  const sdJwt = `${jws({ typ: "dc+sd-jwt" }, { vct: "urn:example:x" }, issuer)}~`;
  const w3c = jws({ typ: "vc+jwt" }, { type: ["VerifiableCredential"] }, issuer);
  for (const text of [`${sdJwt}\n${w3c}`, `${w3c}\n${sdJwt}`, `${sdJwt}\r\n\r\n${w3c}\r\n`]) {
    assert.deepEqual(await outcome(findToken(text)), { refusal: "several_tokens" }, text);
  }
  const binding = jws({ typ: "kb+jwt" }, {}, holder);
  assert.deepEqual(await outcome(findToken(`${sdJwt}\n${binding}`)), { token: sdJwt + binding });
});
