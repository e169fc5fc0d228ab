// Loads the pages' scripts in Node, which needs a `package.json` to treat them as modules.
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const STATIC = fileURLToPath(new URL("../../crates/server/static/", import.meta.url));

/** Imports a script with its imports. */
export async function load(name) {
  const folder = await mkdtemp(join(tmpdir(), "tenure-scripts-"));
  after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const scripts = (await readdir(STATIC)).filter((file) => file.endsWith(".js"));
  for (const file of scripts) await cp(join(STATIC, file), join(folder, file));
  return import(pathToFileURL(join(folder, name)));
}
