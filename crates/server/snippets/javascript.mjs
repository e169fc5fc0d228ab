// A token, a push and its status:  TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. node javascript.mjs
// Or checks webhooks, each a line of timestamp, signature, body:  WEBHOOK_SECRET=.. node javascript.mjs webhooks
// Node 18 or later, and nothing else.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

const { TENURE_URL, CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET } = process.env;

async function call(path, options) {
  const answer = await fetch(TENURE_URL + path, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`); // Every fault of the body, in one answer.
  return { status: answer.status, body: JSON.parse(text) };
}

async function getToken() {
  const form = { grant_type: "client_credentials", client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const { body } = await call("/api/partner/v1/oauth/token", { method: "POST", body: new URLSearchParams(form) });
  return body.access_token; // Good for an hour: keep it.
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

const seen = new Set(); // Event ids that were handled: keep yours in a database.

// accepted, repeated or refused. `body` is the text as it came, before anything reads it.
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
  // An id of your own. The same one again is answered with the same link.
  const credential_id = `payroll-${randomUUID()}`;
  const { status, body } = await push(token, { credential_id, fields: { full_name: "Ada Example", employment: [job] } });
  console.log(status, body.redirect_uri);
  console.log(await getStatus(token, credential_id));
}
