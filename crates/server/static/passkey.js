// Registers a passkey and signs in with one. Buttons are shown only if the browser supports
// passkeys. A prompt that the person closes is not an error.
const status = document.getElementById("passkey-status");
const signIn = document.getElementById("passkey-sign-in");
const register = document.getElementById("passkey-register");
// Passkeys of people and of consoles use different endpoints.
const base = (signIn ?? register)?.dataset.path ?? "/passkey";
let waiting;

async function send(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? "{}" : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.status === 204 ? null : response.json();
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// WebAuthn uses bytes, JSON base64url.
function decode(options) {
  const key = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
  if (key.user) key.user = { ...key.user, id: bytes(key.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (key[list]) key[list] = key[list].map((entry) => ({ ...entry, id: bytes(entry.id) }));
  }
  return key;
}

function encode(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const extensions = credential.getClientExtensionResults();
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, extensions };
}

function explain(error, element) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return;
  status.textContent = element.dataset.failed;
}

async function withBusy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  status.textContent = "";
  try {
    await work();
  } catch (error) {
    explain(error, button);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

async function choose(mediation) {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const options = await send(`${base}/sign-in/start`);
  return navigator.credentials.get({ publicKey: decode(options), mediation, signal });
}

async function use(credential) {
  const { location: next } = await send(`${base}/sign-in/finish`, encode(credential));
  location.assign(next);
}

async function addOne() {
  const options = await send(`${base}/register/start`);
  const credential = await navigator.credentials.create({ publicKey: decode(options) });
  const name = document.getElementById("passkey-name")?.value;
  await send(`${base}/register/finish`, { ...encode(credential), name });
  location.reload();
}

if (window.PublicKeyCredential) {
  if (register) {
    register.hidden = false;
    register.addEventListener("click", () => withBusy(register, addOne));
  }
  if (signIn) {
    signIn.hidden = false;
    signIn.addEventListener("click", () => withBusy(signIn, async () => use(await choose("optional"))));
    // If the browser supports it, passkeys are offered in the address field (conditional
    // mediation). If that request fails, the person has not tried anything yet, so no error is
    // shown. Errors after a passkey was chosen are.
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      choose("conditional").then((chosen) => use(chosen).catch((error) => explain(error, signIn)), () => {});
    }
  }
}
