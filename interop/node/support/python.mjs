// Runs the Python programs of interop/python, which read JSON and write JSON.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = process.env.INTEROP_PYTHON ?? at("../../../target/interop/bin/python");

/** Runs a program with this input; if the library refuses, it returns `{ error }`. */
export function python(program, asked, ...args) {
  return new Promise((resolve, reject) => {
    const child = execFile(PYTHON, [at(`../../python/${program}`), ...args], (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`${program} ${args}: ${error?.message}\n${stderr}`));
      }
    });
    child.stdin.end(JSON.stringify(asked));
  });
}
