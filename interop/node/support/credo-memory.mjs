// What Credo needs to run in memory: records in a map, keys in node:crypto. Its own packages for
// that are a native database and a server for DIDComm.
import {
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  verify,
} from "node:crypto";

import { JsonTransformer, RecordDuplicateError, RecordNotFoundError } from "@credo-ts/core";

const HASHES = { ES256: "sha256", EdDSA: null };
const CIPHERS = { A128GCM: ["aes-128-gcm", 128], A256GCM: ["aes-256-gcm", 256] };
const IV_BYTES = 12;

/** Records by id, as Credo's `StorageService`. */
export class MemoryStorage {
  supportsCursorPagination = false;
  #records = new Map();

  async save(_, record) {
    if (this.#records.has(record.id)) throw new RecordDuplicateError(record.id, { recordType: record.type });
    this.#put(record);
  }

  async update(_, record) {
    this.#existing(record.id, record.type);
    this.#put(record);
  }

  async delete(context, record) {
    return this.deleteById(context, record.constructor, record.id);
  }

  async deleteById(_, { type }, id) {
    this.#existing(id, type);
    this.#records.delete(id);
  }

  async getById(_, recordClass, id) {
    return instance(this.#existing(id, recordClass.type), recordClass);
  }

  async getAll(context, recordClass) {
    return this.findByQuery(context, recordClass, {});
  }

  async findByQuery(_, recordClass, query, { offset = 0, limit } = {}) {
    const ofClass = [...this.#records.values()].filter(({ type }) => type === recordClass.type);
    const found = ofClass.filter(({ tags }) => matches(tags, query));
    const last = limit === undefined ? undefined : offset + limit;
    return found.slice(offset, last).map((record) => instance(record, recordClass));
  }

  #put(record) {
    record.updatedAt = new Date();
    const value = JsonTransformer.toJSON(record);
    this.#records.set(record.id, { id: record.id, type: record.type, value, tags: record.getTags() });
  }

  #existing(id, recordType) {
    const record = this.#records.get(id);
    if (!record) throw new RecordNotFoundError(id, { recordType });
    return record;
  }
}

function instance({ id, value, tags }, recordClass) {
  const made = JsonTransformer.fromJSON(value, recordClass);
  made.id = id;
  made.replaceTags(tags);
  return made;
}

function matches(tags, { $and = [], $or = [], ...plain }) {
  const has = (found, wanted) =>
    Array.isArray(wanted) ? wanted.every((one) => found?.includes(one)) : found === wanted;
  const fits = ([name, wanted]) => wanted === undefined || has(tags[name], wanted);
  const every = $and.every((query) => matches(tags, query));
  return Object.entries(plain).every(fits) && every && ($or.length === 0 || $or.some((query) => matches(tags, query)));
}

/** Keys in the process, as Credo's `KeyManagementService`: ES256, EdDSA and ECDH-ES. */
export class MemoryKeys {
  backend = "memory";
  #keys = new Map();

  isOperationSupported(_, { operation, algorithm, encryption }) {
    if (operation === "sign" || operation === "verify") return algorithm in HASHES;
    if (operation === "encrypt") return encryption.algorithm in CIPHERS;
    return ["createKey", "deleteKey", "randomBytes"].includes(operation);
  }

  randomBytes(_, { length }) {
    return new Uint8Array(randomBytes(length));
  }

  async getPublicKey(_, keyId) {
    const key = this.#keys.get(keyId);
    return key ? publicJwk(key, keyId) : null;
  }

  async createKey(_, { type: { kty, crv }, keyId = randomUUID() }) {
    const { privateKey } = generateKeyPairSync(kty === "EC" ? "ec" : crv.toLowerCase(), { namedCurve: crv });
    this.#keys.set(keyId, privateKey);
    return { keyId, publicJwk: publicJwk(privateKey, keyId) };
  }

  async deleteKey(_, { keyId }) {
    return this.#keys.delete(keyId);
  }

  async sign(_, { keyId, algorithm, data }) {
    const key = { key: this.#keys.get(keyId), dsaEncoding: "ieee-p1363" };
    return { signature: new Uint8Array(sign(HASHES[algorithm], data, key)) };
  }

  async verify(_, { key: { keyId, publicJwk: given }, algorithm, data, signature }) {
    const key = createPublicKey(keyId ? this.#keys.get(keyId) : { key: given, format: "jwk" });
    const verified = verify(HASHES[algorithm], data, { key, dsaEncoding: "ieee-p1363" }, signature);
    return verified ? { verified, publicJwk: given ?? publicJwk(key, keyId) } : { verified };
  }

  async encrypt(_, { key: { keyAgreement }, encryption: { algorithm, aad }, data }) {
    const [cipherName, bits] = CIPHERS[algorithm];
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(cipherName, this.#agreed(keyAgreement, algorithm, bits), iv).setAAD(aad);
    const encrypted = Buffer.concat([cipher.update(data), cipher.final()]);
    return { encrypted, iv, tag: cipher.getAuthTag() };
  }

  // Concat KDF of RFC 7518, section 4.6.2; one round of SHA-256 is enough for both ciphers.
  #agreed({ keyId, externalPublicJwk, apu = Buffer.alloc(0), apv = Buffer.alloc(0) }, algorithm, bits) {
    const publicKey = createPublicKey({ key: externalPublicJwk, format: "jwk" });
    const secret = diffieHellman({ privateKey: this.#keys.get(keyId), publicKey });
    const parts = [Buffer.from(algorithm), apu, apv].flatMap((part) => [number(part.length), part]);
    const hash = createHash("sha256").update(Buffer.concat([number(1), secret, ...parts, number(bits)])).digest();
    return hash.subarray(0, bits / 8);
  }
}

function publicJwk(key, kid) {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return { ...publicKey.export({ format: "jwk" }), kid };
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
