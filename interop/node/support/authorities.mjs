// Certificate authorities of other parties, by @peculiar/x509.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import * as jose from "jose";

x509.cryptoProvider.set(crypto);
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 86_400_000;

const validity = () => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) });

/** An authority with a self-signed certificate, `pem`. */
export class Authority {
  static async create(name) {
    const keys = await jose.generateKeyPair("ES256", { extractable: true });
    const extensions = [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    const options = { name: `CN=${name}`, keys, signingAlgorithm: SIGNING, extensions, ...validity() };
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(options);
    return Object.assign(new Authority(), { keys, certificate, pem: certificate.toString("pem") });
  }

  /** Issues a certificate for a new key; returns the keys and the value of `x5c`. */
  async issue(name) {
    const keys = await jose.generateKeyPair("ES256", { extractable: true });
    const extensions = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(this.keys.publicKey),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions,
      ...validity(),
    });
    return { ...keys, x5c: [certificate.toString("base64")] };
  }
}
