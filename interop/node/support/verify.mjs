// `tenure verify`, as a hirer's script runs it.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.TENURE_BINARY ?? fileURLToPath(new URL("../../../target/debug/tenure", import.meta.url));

/**
 * Returns the exit code and the outcome of each check by name; `keys` is a JWK Set of trusted
 * issuers.
 */
export async function tenureVerify(token, { keys, ...options } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "tenure-interop-"));
  try {
    const args = ["verify", "-", "--json", ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
    if (!keys) args.push("--local");
    if (keys) {
      await writeFile(join(folder, "keys.json"), JSON.stringify(keys));
      args.push("--keys", join(folder, "keys.json"));
    }
    const { code, stdout, stderr } = await run(args, token);
    if (code === 2) throw new Error(`tenure ${args.join(" ")}: ${stderr}`);
    const { verdicts, claims } = JSON.parse(stdout);
    const by = Object.fromEntries(verdicts.map(({ name, outcome }) => [name, outcome]));
    return { code, verdicts: by, claims, said: stdout };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args, input) {
  return new Promise((resolve) => {
    const child = execFile(BINARY, args, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
    child.stdin.end(input);
  });
}
