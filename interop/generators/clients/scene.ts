// What the TypeScript clients are given, what they must find out, and how types are compared.
import { readFile } from "node:fs/promises";

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export const base = given("TENURE_URL");
export const partner = { client_id: given("CLIENT_ID"), client_secret: given("CLIENT_SECRET") };
export const id = given("CREDENTIAL_ID");

/** Where a client's webhook sends events to; only for clients that register one. */
export const webhookUrl = process.env["WEBHOOK_URL"];

/** A document to upload. */
export const pdf = new Blob([await readFile(given("DOCUMENT"))]);

/** Returns the token in an upload URL. */
export const tokenOf = (url: string) => url.slice(url.lastIndexOf("/") + 1);

/** What a client must find out from fields that its generator has typed. */
export interface Outcome {
  headline: string | undefined;
  link: string;
  requestId: string;
  status: "incomplete" | "verified" | "canceled";
  document: "awaited" | "fetching" | "stored" | "failed" | "deleted" | undefined;
  verificationLink: string;
  refusal: string | undefined;
}

/** Prints the outcome for the test. */
export const report = (outcome: Outcome) => console.log(JSON.stringify(outcome));

/** True if the types are the same. `any` is the same as `any` only. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile unless its argument is true. */
export type Assert<Holds extends true> = Holds;

/** Returns the value, or fails if there is none. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
