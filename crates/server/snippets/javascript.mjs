// Gets a token, pushes a credential and reads its status:
//   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. node javascript.mjs
// Verifies webhooks, each on a line of timestamp, signature and body:
//   WEBHOOK_SECRET=.. node javascript.mjs webhooks
// Requires Node 18 or later. It has no other dependencies.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

const { TENURE_URL, CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET } = process.env;

async function call(path, options) {
  const answer = await fetch(TENURE_URL + path, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`); // Lists every problem.
  return { status: answer.status, body: JSON.parse(text) };
}

async function getToken() {
  const form = { grant_type: "client_credentials", client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const { body } = await call("/api/partner/v1/oauth/token", { method: "POST", body: new URLSearchParams(form) });
  return body.access_token; // Valid for an hour; reuse it.
}

async function push(token, credential) {
  return call("/api/partner/v2/add/requests/career_history", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(credential),
  });
}

async function getStatus(token, credentialId) {
  const path = `/api/partner/v2/submissions/${encodeURIComponent(credentialId)}/status`;
  const { body } = await call(path, { headers: { Authorization: `Bearer ${token}` } });
  return body.status;
}

const seen = new Set(); // Ids of handled events. Store them in your database.

// Returns accepted, repeated or refused. `body` is the raw body, as received.
function checkWebhook(timestamp, signature, body, secret) {
  const expected = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest();
  const given = Buffer.from(signature, "hex");
  const isFresh = /^\d+$/.test(timestamp) && Math.abs(Date.now() / 1000 - Number(timestamp)) <= 900;
  if (!isFresh || given.length !== expected.length || !timingSafeEqual(given, expected)) return "refused";
  const { event_id: id } = JSON.parse(body);
  if (seen.has(id)) return "repeated";
  seen.add(id);
  return "accepted";
}

if (process.argv[2] === "webhooks") {
  for await (const line of createInterface({ input: process.stdin })) {
    const [, timestamp, signature, body] = line.match(/^(\S*) (\S*) (.*)$/);
    console.log(checkWebhook(timestamp, signature, body, WEBHOOK_SECRET));
  }
} else {
  const token = await getToken();
  const job = {
    organisation: "Company A",
    role_title: "Engineer",
    start_date: "2021-03",
    last_processed_month: "2024-05",
  };
  // A unique id of your choice. Repeating a push with the same id returns the same link.
  const credential_id = `payroll-${randomUUID()}`;
  const { status, body } = await push(token, { credential_id, fields: { full_name: "Ada Example", employment: [job] } });
  console.log(status, body.redirect_uri);
  console.log(await getStatus(token, credential_id));
}
