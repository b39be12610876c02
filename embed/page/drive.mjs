// node drive.mjs DIRECTORY PICTURE: serves the directory, opens its page in Chromium without a screen, uses it as a visitor would,
// checks what it says, and keeps a picture. Exits with 1 where something is not as it should be.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";

const [directory, picture] = process.argv.slice(2);
const types = { ".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const server = http.createServer((request, response) => {
  const file = path.join(directory, path.basename(new URL(request.url, "http://localhost").pathname) || "index.html");
  if (!fs.existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": types[path.extname(file)] ?? "text/plain" }).end(fs.readFileSync(file));
});
await new Promise(listening => server.listen(0, "127.0.0.1", listening));

// Chromium's protocol over two pipes: messages that end with a zero byte.
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
const chromium = spawn("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
  `--user-data-dir=${profile}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true });
// The browser's processes are one group and end together: none is left that writes into the profile while it is removed.
// A profile that cannot be removed says nothing about the page.
const finish = status => {
  chromium.on("exit", () => {
    try { fs.rmSync(profile, { recursive: true, force: true, maxRetries: 20 }); } catch (left) { console.error(`left behind: ${left.message}`); }
    process.exit(status);
  });
  process.kill(-chromium.pid, "SIGKILL");
};
chromium.on("error", error => { console.error(`no browser: ${error.message}`); process.exit(1); });
setTimeout(() => { console.error("the browser does not answer"); finish(1); }, 90_000);
const waiting = new Map();
let received = "", count = 0;
chromium.stdio[4].setEncoding("utf8").on("data", text => {
  const messages = (received + text).split("\0");
  received = messages.pop();
  for (const { id, result, error } of messages.map(m => JSON.parse(m))) {
    if (waiting.has(id)) error ? waiting.get(id).reject(new Error(error.message)) : waiting.get(id).resolve(result);
  }
});
const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
  waiting.set(++count, { resolve, reject });
  chromium.stdio[3].write(JSON.stringify({ id: count, method, params, sessionId }) + "\0");
});

try {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const run = async expression => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
    assert.ok(!exceptionDetails, exceptionDetails?.exception?.description);
    return result.value;
  };
  await send("Emulation.setDeviceMetricsOverride", { width: 980, height: 1160, deviceScaleFactor: 1, mobile: false }, sessionId);
  await send("Page.navigate", { url: `http://127.0.0.1:${server.address().port}/` }, sessionId);
  while (await run("document.body?.dataset.ready") !== "yes") await new Promise(later => setTimeout(later, 50));

  // As a visitor: a value is put in, the page is told, and what it shows is read.
  const enter = (id, value) => run(`{ const e = document.getElementById("${id}"); e.value = ${JSON.stringify(value)};
    e.dispatchEvent(new Event("input", { bubbles: true })); }`);
  const text = id => run(`document.getElementById("${id}").textContent`);
  const errors = () => run(`[...document.querySelectorAll("#rules tr")].slice(1).map(r => Number(r.querySelector("[data-error]")?.dataset.error))`);
  const [DEFAULT, MINIMUM_NORM] = [0, 1], exact = 1e-13, wrong = 1e-2;

  const s = (await text("values")).trim().split(/\s+/).map(Number);
  assert.ok(Math.abs(Math.hypot(...s) - Math.hypot(2, 1, 3, 1, 1, 1.5)) < 1e-4, `singular values ${s}`);
  assert.ok((await errors()).every(e => e < exact), `far apart, every rule is right: ${await errors()}`);
  await enter("slider", "-8");
  assert.ok((await errors()).every(e => e > 1e-11 && e < 1e-5), `nearly equal, every rule loses digits: ${await errors()}`);
  await enter("loss", "0");
  await enter("slider", "-17");
  const polar = await errors();
  assert.ok(polar[MINIMUM_NORM] < exact && polar[DEFAULT] > wrong, `equal, the orthogonal factor: ${polar}`);
  await enter("matrix", "1 2\n3");
  assert.match(await text("message"), /different lengths/);
  await enter("matrix", "1 2\n3 x");
  assert.match(await text("message"), /refused/);
  await enter("matrix", "1 2 3 4 5\n0 1 0 1 0");
  assert.equal(await text("message"), "");
  await enter("matrix", "2 1 0\n0 3 1\n1 0 1.5");
  await enter("loss", "1");
  const together = await errors();
  assert.ok(together[DEFAULT] < exact && together[MINIMUM_NORM] > wrong, `equal, put together again: ${together}`);

  await enter("slider", "-16");
  const { data } = await send("Page.captureScreenshot", { format: "png" }, sessionId);
  fs.writeFileSync(picture, Buffer.from(data, "base64"));
  console.log(`page: ${count} steps in the browser, picture kept`);
  finish(0);
} catch (error) {
  console.error(error.message);
  finish(1);
}
