// Gets an issued credential: an offer from the wallet's page, redeemed by a wallet.
import { Wallet } from "./wallet.mjs";

/** Returns the link and the transaction code on the page "Add to another wallet". */
export async function offered(scene, id, person = scene.holder) {
  const page = await person.visit(`/wallet/credentials/${id}/offer`, {});
  return { link: page.link("openid-credential-offer://"), txCode: page.byId("transaction-code").replace(/\D/g, "") };
}

/**
 * Issues a credential in this format; returns it with the wallet and the key that it is bound to.
 */
export async function issued(scene, held, format, { alg = "ES256" } = {}) {
  const wallet = new Wallet();
  const { link, txCode } = await offered(scene, held.id);
  const opened = await wallet.open(link);
  const id = `${held.type}_${format}`;
  const { access_token } = await wallet.token(opened, txCode);
  const key = await wallet.newKey(alg);
  const answer = await wallet.credentials(opened, id, await wallet.proofs(opened, id, [key]), access_token);
  return { wallet, key, credential: answer.credentials[0].credential, opened };
}
