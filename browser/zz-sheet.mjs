import { launch } from "./support/stage.mjs";
const [out, height, ...names] = process.argv.slice(2);
const b = await launch();
const p = await b.newPage({ viewport: { width: 330 * names.length, height: Number(height) } });
await p.goto("file:///tmp/shots/blank.html").catch(() => {});
await p.setContent(`<body style="margin:0;display:flex;gap:10px;align-items:start;background:#888">${names.map((n) => `<img src="file:///tmp/shots/${n}.png" style="width:320px">`).join("")}</body>`);
await p.waitForTimeout(500);
await p.screenshot({ path: out });
await b.close();
