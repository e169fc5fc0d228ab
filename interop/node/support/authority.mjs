/** Returns the authority of this server, which a wallet's trust list would contain, as PEM. */
export const authorityOf = async (base) => (await fetch(`${base}/.well-known/tenure-authority.pem`)).text();
