// The checks of a hirer's browser, each with one thing wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { load } from "./modules.mjs";
import { AUDIENCE, digest, disclosure, jws, METADATA, newKey, NONCE, NOW, ORIGIN, present } from "./tokens.mjs";

const { read, verify } = await load("verify.js");

async function check({ token, answers }, expected = {}) {
  const asked = [];
  const fetch = async (address) => {
    asked.push(address);
    return address in answers ? new Response(answers[address]) : new Response("", { status: 404 });
  };
  const options = { origin: ORIGIN, audience: AUDIENCE, nonce: NONCE, fetch, now: () => NOW * 1000, ...expected };
  const { claims, notShown, verdicts } = await verify(token, options);
  const wrong = verdicts.filter(({ outcome }) => outcome !== "passed");
  return { claims, notShown, verdicts, asked, wrong: wrong.map(({ step, outcome, code }) => `${step} ${outcome} ${code}`) };
}

for (const alg of ["ES256", "EdDSA"]) {
  test(`a good presentation passes every step: ${alg}`, async () => {
    const { claims, verdicts, asked, wrong } = await check(present({ alg }));
    assert.deepEqual(wrong, []);
    assert.deepEqual(verdicts.map(({ step }) => step), ["signature", "issuer", "holder", "status", "dates", "schema"]);
    assert.equal(claims.full_name, "Ada Example");
    assert.deepEqual(claims.employment.map((job) => job.organisation), ["Company A"]);
    assert.equal(new Set(asked).size, asked.length, "nothing is asked for twice");
    const told = verdicts.flatMap((verdict) => verdict.asked.map(({ address, at }) => [verdict.step, address, at]));
    assert.deepEqual(told, [
      ["issuer", `${ORIGIN}/.well-known/jwt-vc-issuer`, NOW * 1000],
      ["issuer", `${ORIGIN}/.well-known/jwks.json`, NOW * 1000],
      ["status", `${ORIGIN}/status/1`, NOW * 1000],
      ["schema", `${ORIGIN}/credentials/career_history`, NOW * 1000],
    ]);
  });
}

const UNREAD = ["issuer", "holder", "status", "dates", "schema"].map((step) => `${step} unchecked unread`);
const parts = (change) => ({ parts: change });
const payload = (change) => parts(({ payload }) => Object.assign(payload, change));

/** Returns a status list with two bits per entry, all valid except one. */
function twoBits(place, value) {
  const bytes = Buffer.alloc(4);
  bytes[place >> 2] = value << ((place & 3) * 2);
  return { bits: 2, lst: deflateSync(bytes).toString("base64url") };
}

/** Adds a chain of disclosures, whose objects have this many levels. */
function nest({ payload, disclosures }, levels) {
  let last = disclosure(1, "end");
  disclosures.push(last);
  for (let level = 0; level < levels; level += 1) {
    last = disclosure({ _sd: [digest(last)] }, "more");
    disclosures.push(last);
  }
  payload._sd.push(digest(last));
}

// Each mistake with all outcomes that are then not "passed".
const MISTAKES = {
  "an altered disclosure": [
    parts(({ disclosures }) => (disclosures[0] = disclosure("Eve Example", "full_name"))),
    ["signature failed stray_disclosure", ...UNREAD],
  ],
  "a digest that stands twice": [
    parts(({ payload }) => payload._sd.push(payload._sd[0])),
    ["signature failed duplicate_digest", ...UNREAD],
  ],
  "a disclosure that is sent twice": [
    parts(({ disclosures }) => disclosures.push(disclosures[0])),
    ["signature failed duplicate_digest", ...UNREAD],
  ],
  "a disclosed name that is taken": [
    parts(({ payload, disclosures }) => {
      disclosures.push(disclosure("Eve", "attested_at"));
      payload._sd.push(digest(disclosures.at(-1)));
    }),
    ["signature failed disclosure", ...UNREAD],
  ],
  "a disclosed name of the hash algorithm": [
    parts(({ payload, disclosures }) => {
      disclosures.push(disclosure("md5", "_sd_alg"));
      payload._sd.push(digest(disclosures.at(-1)));
    }),
    ["signature failed disclosure", ...UNREAD],
  ],
  "more disclosures than can be checked": [
    parts(({ payload, disclosures }) => {
      const more = Array.from({ length: 4096 }, (_, at) => disclosure(at, `c${at}`));
      disclosures.push(...more);
      payload._sd.push(...more.map(digest));
    }),
    ["signature unchecked limit", ...UNREAD],
  ],
  "disclosures that are nested too deeply": [
    parts((all) => nest(all, 33)),
    ["signature unchecked limit", ...UNREAD],
  ],
  "disclosures that are nested as deeply as possible": [parts((all) => nest(all, 32)), []],
  "a disclosed status": [
    parts(({ payload, disclosures }) => {
      delete payload.status;
      disclosures.push(disclosure({}, "status"));
      payload._sd.push(digest(disclosures.at(-1)));
    }),
    ["signature failed must_not_be_disclosed", ...UNREAD],
  ],
  "another hash": [payload({ _sd_alg: "sha-512" }), ["signature unchecked hash_algorithm", ...UNREAD]],
  "alg none": [
    { token: (token) => token.replace(/^[^.]+/, Buffer.from('{"alg":"none","typ":"dc+sd-jwt"}').toString("base64url")) },
    ["signature failed algorithm", ...UNREAD],
  ],
  "a hash that is none": [payload({ _sd_alg: "md5" }), ["signature unchecked hash_algorithm", ...UNREAD]],
  "the typ of an older draft": [parts(({ header }) => (header.typ = "vc+sd-jwt")), ["signature unchecked type", ...UNREAD]],
  "the typ of a kind that is not supported": [
    parts(({ header }) => (header.typ = "example+sd-jwt")),
    ["signature unchecked type", ...UNREAD],
  ],
  "another typ": [parts(({ header }) => (header.typ = "kb+jwt")), ["signature failed type", ...UNREAD]],
  "a header with crit": [
    parts(({ header }) => (header.crit = ["exp"])),
    ["signature failed critical_header", ...UNREAD],
  ],
  "not a token": [{ token: () => "hello" }, ["signature failed malformed", ...UNREAD]],
  "a changed signature": [
    { token: (token) => token.replace(/\.([^.~]+)~/, (_, old) => `.${old.startsWith("A") ? "B" : "A"}${old.slice(1)}~`) },
    ["signature failed signature", "issuer unchecked unsigned", "holder failed sd_hash"],
  ],
  "another's signature under the same name": [
    parts((all) => (all.issuer = newKey())),
    ["signature failed signature", "issuer unchecked unsigned"],
  ],
  "a key of another kind": [parts((all) => (all.issuer = newKey("EdDSA"))), ["signature failed key_confusion", "issuer unchecked unsigned"]],
  "a key that is not known": [
    parts(({ header }) => (header.kid = "key-9")),
    ["signature failed unknown_key", "issuer failed unknown_key"],
  ],
  "another issuer": [
    payload({ iss: "https://elsewhere.example" }),
    ["signature failed unknown_issuer", "issuer failed unknown_issuer", "status failed unknown_issuer"],
  ],
  "keys that cannot be had": [
    { answers: { [`${ORIGIN}/.well-known/jwks.json`]: "{" } },
    ["signature unchecked unanswered", "issuer unchecked unanswered", "status unchecked unanswered"],
  ],
  "no key binding": [
    { token: (token) => token.slice(0, token.lastIndexOf("~") + 1) },
    ["holder failed not_bound"],
  ],
  "a key binding for somebody else": [
    parts(({ binding }) => (binding.payload.aud = "https://elsewhere.example")),
    ["holder failed audience"],
  ],
  "an answer to another question": [parts(({ binding }) => (binding.payload.nonce = "x")), ["holder failed nonce"]],
  "an answer that has expired in milliseconds": [
    parts(({ binding }) => (binding.payload.exp = (NOW - 60) * 1000)),
    ["holder failed binding_expired"],
  ],
  "an answer of an algorithm that is not supported": [
    parts(({ binding }) => (binding.header.alg = "ES384")),
    ["holder unchecked holder_key"],
  ],
  "a holder's key that is only named": [payload({ cnf: { kid: "k9" } }), ["holder unchecked holder_key"]],
  "a holder's key of a kind that is not supported": [
    payload({ cnf: { jwk: { kty: "EC", crv: "P-384", x: "AA", y: "AA" } } }),
    ["holder unchecked holder_key"],
  ],
  "a claim cnf without a key": [payload({ cnf: {} }), ["holder failed not_bound"]],
  "an answer that has expired": [parts(({ binding }) => (binding.payload.exp = NOW - 60)), ["holder failed binding_expired"]],
  "an answer before its time": [
    parts(({ binding }) => (binding.payload.nbf = NOW + 61)),
    ["holder failed binding_not_yet_valid"],
  ],
  "an answer whose end is a text": [parts(({ binding }) => (binding.payload.exp = "soon")), ["holder failed claim"]],
  "a key binding over something else": [
    parts(({ binding }) => (binding.payload.sd_hash = digest("x"))),
    ["holder failed sd_hash"],
  ],
  "a key binding of another typ": [parts(({ binding }) => (binding.header.typ = "JWT")), ["holder failed type"]],
  "a key binding by another key": [parts((all) => (all.holder = newKey())), ["holder failed signature"]],
  "a disclosure taken away after it was bound": [
    { token: (token) => token.split("~").toSpliced(3, 1).join("~") },
    ["holder failed sd_hash"],
  ],
  "a revoked credential": [parts(({ list }) => list.revoked.push(9)), ["status failed revoked"]],
  "a credential that a newer version replaced": [
    parts(({ list }) => Object.assign(list.payload, { status_list: twoBits(9, 3), status_types: { "0x03": "replaced" } })),
    ["status failed replaced"],
  ],
  "a value that its issuer does not explain": [
    parts(({ list }) => (list.payload.status_list = twoBits(9, 3))),
    ["status unchecked unknown_status"],
  ],
  "a credential that is revoked by two bits": [
    parts(({ list }) => (list.payload.status_list = twoBits(9, 1))),
    ["status failed revoked"],
  ],
  "a place beyond the list": [
    payload({ status: { status_list: { uri: `${ORIGIN}/status/1`, idx: 16 } } }),
    ["status failed claim"],
  ],
  "a status list of another address": [
    parts(({ list }) => (list.payload.sub = `${ORIGIN}/status/2`)),
    ["status failed claim"],
  ],
  "a status list that another key signed": [
    { answers: { [`${ORIGIN}/status/1`]: jws({ typ: "statuslist+jwt", kid: "key-1" }, {}, newKey()) } },
    ["status unchecked list_key"],
  ],
  "a status list that is not signed": [
    { answers: { [`${ORIGIN}/status/1`]: jws({ typ: "statuslist+jwt", alg: "none" }, {}, newKey()) } },
    ["status unchecked no_list"],
  ],
  "a status list that is too old": [
    parts(({ list }) => (list.payload.exp = NOW - 61)),
    ["status unchecked list_expired"],
  ],
  "a status list of another typ": [parts(({ list }) => (list.header.typ = "JWT")), ["status unchecked no_list"]],
  "a status list that does not unpack": [
    parts(({ list }) => (list.payload.status_list = { bits: 1, lst: "AAAA" })),
    ["status unchecked list_unreadable"],
  ],
  "a status list that unpacks without end": [
    parts(({ list }) => {
      list.payload.status_list = { bits: 1, lst: deflateSync(Buffer.alloc(5 << 20)).toString("base64url") };
    }),
    ["status unchecked list_size"],
  ],
  "a status list elsewhere": [
    payload({ status: { status_list: { uri: "https://elsewhere.example/1", idx: 9 } } }),
    ["status unchecked elsewhere"],
  ],
  "a status list at an address that is not https": [
    payload({ status: { status_list: { uri: "data:application/statuslist+jwt,x", idx: 9 } } }),
    ["status unchecked not_https"],
  ],
  "a status list at an address of http": [
    payload({ status: { status_list: { uri: `${ORIGIN.replace("https", "http")}/status/1`, idx: 9 } } }),
    ["status unchecked not_https"],
  ],
  "a status list that cannot be had": [
    payload({ status: { status_list: { uri: `${ORIGIN}/status/7`, idx: 9 } } }),
    ["status unchecked unanswered"],
  ],
  "a page instead of a status list": [
    { answers: { [`${ORIGIN}/status/1`]: "<html><body>Sign in. Welcome.</body></html>" } },
    ["status unchecked no_list"],
  ],
  "a status list of an algorithm that is not supported": [
    parts(({ list }) => (list.header.alg = "ES384")),
    ["status unchecked no_list"],
  ],
  "no status": [payload({ status: undefined }), ["status unchecked no_status"]],
  "a status of another kind": [payload({ status: { crl: "x" } }), ["status unchecked status_kind"]],
  "an issuer that is a key": [
    payload({ iss: `did:jwk:${Buffer.from("{}").toString("base64url")}` }),
    ["signature failed unknown_issuer", "issuer failed unknown_issuer", "status failed unknown_issuer"],
  ],
  "no issuer": [
    payload({ iss: undefined }),
    ["signature unchecked issuer_name", "issuer unchecked issuer_name", "status unchecked issuer_name"],
  ],
  "a type without metadata": [
    payload({ vct: "urn:example:career", "vct#integrity": undefined }),
    ["schema unchecked no_metadata"],
  ],
  "its time over": [payload({ exp: NOW - 60 }), ["dates failed expired"]],
  "its last day over": [payload({ expiry_date: "2020-01-01" }), ["dates failed expired"]],
  "its last day not over": [payload({ expiry_date: new Date(NOW * 1000).toISOString().slice(0, 10) }), []],
  "its time not begun": [payload({ nbf: NOW + 61 }), ["dates failed not_yet_valid"]],
  "made in the future": [payload({ iat: NOW + 61 }), ["dates failed from_the_future"]],
  "other metadata than was meant": [
    { answers: { [`${ORIGIN}/credentials/career_history`]: METADATA.replace("full_name", "salary") } },
    ["schema failed integrity"],
  ],
  "a page in the place of metadata": [
    { answers: { [`${ORIGIN}/credentials/career_history`]: "<!doctype html>" } },
    ["schema unchecked unanswered"],
  ],
  "JSON that is no metadata": [
    { answers: { [`${ORIGIN}/credentials/career_history`]: "{}" } },
    ["schema unchecked unanswered"],
  ],
  "a claim that the type does not know": [payload({ salary: 1 }), []],
};

for (const [name, [change, expected]] of Object.entries(MISTAKES)) {
  test(`${name} is reported`, async () => {
    assert.deepEqual((await check(present(change))).wrong, expected);
  });
}

test("a list without disclosed entries is absent", async () => {
  const { claims, wrong } = await check(present(parts(({ disclosures }) => disclosures.pop())));
  assert.deepEqual([claims.employment, wrong], [undefined, []]);
});

test("omitted details are counted with the issuer's decoys", async () => {
  assert.equal((await check(present())).notShown, 3, "a job and two decoys");
});

test("a clock difference of a minute is accepted", async () => {
  const late = payload({ exp: NOW - 59, iat: NOW + 59, nbf: NOW + 59 });
  assert.deepEqual((await check(present(late))).wrong, []);
});

test("no other site is contacted", async () => {
  const elsewhere = "https://elsewhere.example";
  const { asked } = await check(present(payload({ iss: elsewhere, vct: `${elsewhere}/credentials/career_history` })));
  assert.ok(asked.every((address) => address.startsWith(ORIGIN)), asked.join());
});

test("unsigned tokens and unknown algorithms have own errors", async () => {
  const header = (alg) => Buffer.from(JSON.stringify({ alg, typ: "vc+jwt" })).toString("base64url");
  for (const [alg, isUnsigned] of [["none", true], ["None", true], ["ES384", false], [undefined, false], [7, false]]) {
    for (const token of [`${header(alg)}.e30.`, `${header(alg)}.e30.~`]) {
      await assert.rejects(read(token), { code: "algorithm", isUnsigned }, `${alg}`);
    }
  }
});

test("an SD-JWT VC without its last tilde is incomplete", async () => {
  const { token } = present();
  const disclosed = token.slice(0, token.lastIndexOf("~"));
  for (const cut of [token.slice(0, token.indexOf("~")), disclosed]) {
    assert.deepEqual((await check({ token: cut, answers: {} })).wrong, ["signature failed malformed", ...UNREAD]);
    await assert.rejects(read(cut), { code: "malformed", isCut: true });
  }
});

test("other kinds of tokens are named", async () => {
  const header = (typ) => Buffer.from(JSON.stringify({ alg: "ES256", typ })).toString("base64url");
  const payload = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");
  for (const [typ, claims, kind] of [
    ["vp+jwt", {}, "presentation"],
    ["JWT", { vp: {} }, "presentation"],
    ["oauth-authz-req+jwt", {}, "request"],
    ["openidvci-issuer-metadata+jwt", {}, "metadata"],
    ["JWT", { sub: "ada" }, "other"],
    ["vc+ld+jwt", {}, "other"],
  ]) {
    await assert.rejects(read(`${header(typ)}.${payload(claims)}.AA`), { code: "type", isUnsupported: true, kind }, typ);
  }
});

test("a did:jwk without a usable key is not checked", async () => {
  const bareKey = Buffer.from(JSON.stringify(newKey().jwk)).toString("base64url");
  for (const [iss, isUsable] of [["did:jwk:xxx", false], ["did:jwk:e30", false], [`did:jwk:${bareKey}`, true]]) {
    const token = present(payload({ iss, status: undefined, vct: "urn:example:career", "vct#integrity": undefined })).token;
    const { verdicts } = await check({ token, answers: {} }, { origin: undefined });
    assert.equal(verdicts[0].outcome, isUsable ? "failed" : "unchecked", iss);
    assert.equal(verdicts[0].code, isUsable ? "signature" : "issuer_name", iss);
  }
});
