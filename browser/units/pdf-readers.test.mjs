// Delivered PDFs, read by programs of other projects: qpdf, mupdf, poppler and pdfium.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { PDFiumLibrary } from "@hyzyla/pdfium";

const BINARY = process.env.TENURE_BINARY ?? fileURLToPath(new URL("../../target/debug/tenure", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../../crates/server/tests/fixtures/documents/", import.meta.url));
const MUTATIONS = 8;
// Files that take seconds to inspect are not changed.
const COSTLY = "dos_";

const folder = mkdtempSync(join(tmpdir(), "tenure-readers-"));
// Chromium's reader as WebAssembly: the headless shell that walks the pages has no PDF viewer, and
// its renderer ends when it opens a PDF.
const pdfium = await PDFiumLibrary.init();
after(() => {
  pdfium.destroy();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program; returns its exit code, output and error output. */
function run(program, args, input) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: 64 * 1024 * 1024 });
  // A program that has read enough closes its input.
  if (error && error.code !== "EPIPE") throw error;
  return { status, stdout, stderr: stderr.toString() };
}

/** Inspects a document as a server does; returns its verdict and the bytes that are delivered. */
function inspect(document) {
  const { stdout } = run(BINARY, ["inspect-document", "pdf"], document);
  const end = stdout.indexOf("\n");
  if (end < 0) return { verdict: "crashed" };
  const { verdict, size } = JSON.parse(stdout.subarray(0, end).toString());
  const rest = stdout.subarray(end + 1);
  if (verdict === "rewritten") assert.equal(rest.length, size);
  return { verdict, delivered: { rewritten: rest, unchanged: document, signed: document }[verdict] };
}

/** Returns random numbers below an end; the same ones in each run. */
function numbers(seed) {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

/** Returns a copy with a few bytes changed. */
function changed(document, below) {
  const copy = Buffer.from(document);
  for (let change = 0; change <= below(3); change++) copy[below(copy.length)] ^= 1 << below(8);
  return copy;
}

/** Opens a document with pdfium and renders its pages; returns their number. */
async function rendered(delivered) {
  const document = await pdfium.loadDocument(delivered);
  try {
    for (const page of document.pages()) {
      const { width, height, data } = await page.render({ scale: 1, render: "bitmap" });
      assert.ok(width > 0 && height > 0 && data.length > 0, "pdfium: a page has no pixels");
    }
    return document.getPageCount();
  } finally {
    document.destroy();
  }
}

/** Reads a document with each program. All must find the same number of pages, and no damage. */
async function read({ verdict, delivered }, isChanged) {
  const path = join(folder, "delivered.pdf");
  writeFileSync(path, delivered);
  const checked = run("qpdf", ["--check", path]);
  // Exit code 3 stands for warnings, such as one about the content of a page.
  const accepted = verdict === "rewritten" && !isChanged ? [0] : [0, 3];
  assert.ok(accepted.includes(checked.status), `qpdf: ${checked.status} ${checked.stdout} ${checked.stderr}`);
  assert.doesNotMatch(checked.stderr, /reconstruct|xref|trailer/i, "qpdf");
  const counted = run("qpdf", ["--show-npages", path]);
  const pages = Number(counted.stdout.toString());
  assert.ok(pages > 0, "it has pages");

  const listed = run("mutool", ["pages", path]);
  assert.equal(listed.status, 0, `mutool: ${listed.stderr}`);
  assert.doesNotMatch(listed.stderr, /repair|xref/i, "mutool");
  assert.equal(listed.stdout.toString().match(/<page /g)?.length, pages, "mutool");

  const info = run("pdfinfo", [path]);
  assert.equal(info.status, 0, `pdfinfo: ${info.stderr}`);
  assert.equal(info.stdout.toString().match(/^Pages:\s+(\d+)$/m)?.[1], String(pages), "pdfinfo");
  const text = run("pdftotext", [path, "-"]);
  assert.equal(text.status, 0, `pdftotext: ${text.stderr}`);
  assert.doesNotMatch(text.stderr, /xref|trailer|damaged/i, "pdftotext");

  assert.equal(await rendered(delivered), pages, "pdfium");
}

const files = readdirSync(FIXTURES).filter((name) => name.endsWith(".pdf"));
const accepted = new Set();

for (const [at, name] of files.entries()) {
  test(`${name} is refused or read by other programs`, async () => {
    const document = readFileSync(join(FIXTURES, name));
    const below = numbers(at + 1);
    const changes = name.startsWith(COSTLY) ? 0 : MUTATIONS;
    for (let change = 0; change <= changes; change++) {
      const inspected = inspect(change ? changed(document, below) : document);
      if (!inspected.delivered) continue;
      accepted.add(name);
      await read(inspected, change > 0);
    }
  });
}

test("pdfium rejects a file that is not a PDF", async () => {
  await assert.rejects(pdfium.loadDocument(Buffer.from("no PDF")), /PDF/);
});

test("several samples are delivered", () => {
  assert.ok(accepted.size >= 4, [...accepted].join(" "));
  assert.ok(accepted.has("plain.pdf") && accepted.has("signed.pdf"), [...accepted].join(" "));
});
