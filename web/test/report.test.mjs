// The report page in a real browser. usage: node web/test/report.test.mjs MAKE_CASE KANSHIKI
// Speaks TAP; skips, visibly, where there is no Chromium or no playwright-core.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [makeCase, kanshiki] = process.argv.slice(2);
const tools = await import("./browser.mjs").catch(() => undefined);
const { build } = await import("esbuild").catch(() => ({}));
const lacking = tools ? tools.missing : "playwright-core is not installed (tools/setup check)";
if (lacking) {
  console.log(`1..0 # SKIP ${lacking}`);
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), "kanshiki-page-"));
const tests = [];
const test = (name, run) => tests.push({ name, run });
const equal = (got, expected, what) => {
  if (JSON.stringify(got) !== JSON.stringify(expected))
    throw new Error(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
};
const ok = (holds, what) => {
  if (!holds) throw new Error(what);
};

function report(kind, count = "0") {
  const file = join(work, `${kind}${count}.html`);
  if (existsSync(file)) return file;
  const path = join(work, `${kind}${count}.case`);
  execFileSync(makeCase, [path, kind, count]);
  execFileSync(kanshiki, ["report", path, "-o", file]);
  return file;
}

const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;

/** A page that records everything it should not do. */
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const sins = [];
  await page.addInitScript(() => {
    globalThis.broken = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.broken.push(event.violatedDirective));
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) sins.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => sins.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    sins.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href) sins.push(`request: ${request.url().slice(0, 100)}`);
  });
  await page.goto(pathToFileURL(file).href);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html.scripted", { timeout: 60000 });
  return { page, context, sins };
}

async function blameless({ page, sins }) {
  equal(await page.evaluate(() => globalThis.broken), [], "policy violations");
  equal(sins, [], "what the page did");
}

const shown = async (page) => Number((await page.textContent("#explorer .count")).split(" ")[0].replaceAll(",", ""));

test("page loads nothing, breaks no policy, logs no error", async (browser) => {
  for (const kind of ["story", "empty", "hostile"]) {
    const view = await open(browser, report(kind));
    await blameless(view);
    await view.context.close();
  }
});

test("answers stand on top in order of importance", async (browser) => {
  const view = await open(browser, report("story"));
  const degrees = await view.page.locator(".cards .degree").allTextContents();
  equal(degrees.map((d) => d.toLowerCase()),
    ["confirmed", "confirmed", "likely", "possible", "cannot tell"], "degrees");
  await view.context.close();
});

test("without script answers, coverage and findings are all there", async (browser) => {
  const { page, context, sins } = await open(browser, report("story"), { javaScriptEnabled: false });
  const text = await page.locator("body").innerText();
  for (const part of ["Was information taken?", "network records", "Upload to a cloud drive by rclone",
    "T1567.002 Exfiltration to Cloud Storage", "mega:drop", "kanshiki verify CASE", "unknown module"])
    ok(text.includes(part) || (await page.content()).includes(part), `without script there is no "${part}"`);
  ok(await page.locator("#f31").isVisible(), "the finding that carries the answer is not visible");
  ok(!(await page.locator("#timeline").isVisible()), "an empty time line is visible");
  equal(sins, [], "what the page did");
  await context.close();
});

test("a hole in a log is a hole in its band", async (browser) => {
  const { page, context } = await open(browser, report("story"));
  const row = page.locator(".extents tr", { has: page.locator("th", { hasText: /^System$/ }) });
  const bands = await row.locator(".reach").evaluateAll((all) => all.map((rect) =>
    [Number(rect.getAttribute("x")), Number(rect.getAttribute("width")), rect.getAttribute("class")]));
  equal(bands.map(([, , name]) => name), ["reach step-1", "reach step-3", "reach step-3"], "few, many, then after the hole many");
  const [, before, after] = bands;
  ok(before[0] + before[1] < 320 && after[0] > 600, `the hole of days 10 to 22 of 34 lies elsewhere: ${JSON.stringify(bands)}`);
  await context.close();
});

test("filters by level, harm, host, text and period agree with the data", async (browser) => {
  const { page, context, sins } = await open(browser, report("story"));
  equal(await shown(page), 57, "all");
  await page.locator(".chip-informational input").uncheck({ force: true });
  equal(await shown(page), 32, "without informational");
  await page.locator("#explorer").getByRole("button", { name: "Clear filters" }).click();
  await page.locator("fieldset").nth(1).locator("input").nth(2).uncheck({ force: true });
  equal(await shown(page), 31, "without control");
  await page.locator("#explorer").getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Host", { exact: true }).selectOption({ label: "SRV-FILE-01 (11)" });
  equal(await shown(page), 11, "one host");
  await page.locator("#explorer").getByRole("button", { name: "Clear filters" }).click();
  await page.locator("#explorer").getByLabel("Text to find").fill("t1567 srv-file");
  equal(await shown(page), 1, "two words");
  await page.locator("#explorer").getByLabel("Text to find").fill("file49.dat");
  equal(await shown(page), 1, "a path of a copy");
  await page.locator("#explorer").getByLabel("Text to find").fill("mega:drop");
  equal(await shown(page), 0, "words that only the evidence has");
  await page.locator(".deep input").check();
  await page.waitForFunction(() => document.querySelector("#explorer .count")?.textContent?.startsWith("1 of"));
  await page.locator("#explorer").getByRole("button", { name: "Clear filters" }).click();
  const all = await shown(page);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForTimeout(100);
  ok((await shown(page)) < all, "zooming in leaves as many findings");
  await page.getByRole("button", { name: "Show the whole period" }).click();
  equal(await shown(page), 57, "whole period again");
  equal(sins, [], "what the page did");
  await context.close();
});

test("a drawn period zooms the time line and narrows the list", async (browser) => {
  const { page, context } = await open(browser, report("story"));
  const lanes = page.locator(".lanes");
  await lanes.scrollIntoViewIfNeeded();
  const box = await lanes.boundingBox();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.95, box.y + 30, { steps: 5 });
  await page.mouse.up();
  await page.waitForTimeout(150);
  const left = await shown(page);
  ok(left > 0 && left < 57, `${left} findings in the drawn period`);
  await context.close();
});

test("a link of an answer opens the finding with its proof", async (browser) => {
  const { page, context, sins } = await open(browser, report("story"));
  await page.getByRole("link", { name: "Loader that poses as svchost" }).click();
  const side = page.locator("#explorer .side");
  await side.locator("h3").waitFor();
  const text = await side.innerText();
  for (const part of ["critical", "T1055", "Process Injection", "svchost.exe", "packed_loader_svchost",
    "$stub", "at 0x1a40", "00031200  4d 79 43 61 66 65", "MyCafe", "carries the answer on implant",
    "Also at", "Temp/file14.dat", "Temp/file56.dat"])
    ok(text.includes(part), `the proof lacks "${part}"`);
  equal(sins, [], "what the page did");
  await context.close();
});

test("the list goes by keyboard", async (browser) => {
  const { page, context } = await open(browser, report("story"));
  await page.locator("#explorer .list").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.waitForTimeout(100);
  equal(await page.locator('#explorer .row[aria-selected="true"]').getAttribute("aria-posinset"), "2", "selected");
  await page.keyboard.press("End");
  await page.waitForTimeout(100);
  equal(await page.locator('#explorer .row[aria-selected="true"]').getAttribute("aria-posinset"), "57", "last");
  await context.close();
});

test("what starts, programs and destinations are looked through", async (browser) => {
  const { page, context, sins } = await open(browser, report("story"));
  for (const [id, rows, first] of [["starts", 2, "svchost.exe"], ["programs", 2, "svchost.exe"], ["transfers", 3, "g.api.mega.example"]]) {
    const section = page.locator(`#${id}`);
    await section.scrollIntoViewIfNeeded();
    await section.locator(".row").first().waitFor();
    equal(await section.locator(".row").count(), rows, `rows of ${id}`);
    ok((await section.locator(".row").first().innerText()).includes(first), `${id}: the most urgent is not first`);
    ok(!(await section.locator(".static").isVisible()), `${id}: the table for want of script is visible`);
  }
  const starts = page.locator("#starts");
  await starts.getByLabel("Kind").selectOption({ label: "service (1)" });
  equal(await starts.locator(".count").textContent(), "1 of 2 entries", "one kind");
  await starts.getByRole("button", { name: "Clear filters" }).click();
  await starts.getByLabel("Text to find").fill("TASKS a rule names");
  equal(await starts.locator(".count").textContent(), "1 of 2 entries", "words of path and reason");
  await starts.locator(".row").first().click();
  const text = await starts.locator(".side").innerText();
  for (const part of ["bad", "T1053.005", "OneDriveUpdate", "starts a program that a rule names (70)", "WS-FIN-07"])
    ok(text.includes(part), `the detail lacks "${part}"`);
  ok((await page.locator("#transfers .row").first().innerText()).includes("918.3 MB"), "bytes out");
  equal(sins, [], "what the page did");
  await context.close();
});

test("without script the inventories are tables", async (browser) => {
  const { page, context } = await open(browser, report("story"), { javaScriptEnabled: false });
  for (const [id, part] of [["starts", "OneDriveUpdate"], ["programs", "a.ps1"], ["transfers", "g.api.mega.example"]])
    ok((await page.locator(`#${id} table`).first().innerText()).includes(part), `${id} lacks "${part}"`);
  await context.close();
});

test("hostile evidence stays text", async (browser) => {
  const file = report("hostile");
  ok(!unsafe.test(readFileSync(file, "utf8")), "a raw control or bidi character is in the file");
  const { page, context, sins } = await open(browser, file);
  for (let row = 0; row < 8; row++) {
    await page.locator("#explorer .row").nth(row).click();
    await page.waitForTimeout(60);
    const text = await page.evaluate(() => document.body.innerText + document.body.textContent.replace(/\s/g, ""));
    ok(!unsafe.test(text.replaceAll("\n", "")), `row ${row} shows a raw control or bidi character`);
  }
  const foreign = await page.evaluate(() =>
    document.querySelectorAll("img, iframe, object, embed, form, a[href^='java'], [onerror], [onload], [style*='url']").length);
  equal(foreign, 0, "foreign elements");
  equal(await page.evaluate(() => [...document.scripts].filter((s) => s.type !== "text/plain").length), 1, "scripts");
  equal(sins, [], "what the page did");
  await context.close();
});

test("the page hides the same characters as the program", async () => {
  const bundled = join(work, "show.mjs");
  await build({ entryPoints: [new URL("../src/show.ts", import.meta.url).pathname], outfile: bundled, format: "esm", logLevel: "error" });
  const { show } = await import(pathToFileURL(bundled).href);
  const raw = new Set(execFileSync(makeCase, ["-", "unsafe"]).toString().trim().split("\n").map((hex) => Number.parseInt(hex, 16)));
  ok(raw.size > 150, "the program names few characters");
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const char = String.fromCodePoint(code);
    const hidden = show(char) !== char;
    if (hidden !== (raw.has(code) && code !== 9 && code !== 10))
      throw new Error(`U+${code.toString(16)}: program ${raw.has(code)}, page ${hidden}`);
  }
});

test("the policy stops script, style and network that a payload would add", async (browser) => {
  const { page, context } = await open(browser, report("story"));
  const outcome = await page.evaluate(async () => {
    const results = [];
    for (const attempt of [
      () => { document.body.insertAdjacentHTML("beforeend", "<img src=x>"); },
      () => { const s = document.createElement("script"); s.textContent = "globalThis.owned = 1"; document.body.append(s); },
      () => { const s = document.createElement("style"); s.textContent = "body{display:none}"; document.body.append(s); },
      () => { document.body.setAttribute("onclick", "globalThis.owned = 1"); document.body.click(); },
    ]) {
      try { attempt(); results.push("done"); } catch { results.push("threw"); }
    }
    const net = await fetch("https://127.0.0.1:9/").then(() => "reached", () => "stopped");
    return { results, net, owned: globalThis.owned ?? null, display: getComputedStyle(document.body).display };
  });
  equal(outcome.owned, null, "a script ran");
  equal(outcome.net, "stopped", "network");
  ok(outcome.display !== "none", "a style was taken");
  equal(outcome.results[0], "threw", "markup as text");
  await context.close();
});

test("print holds the essentials", async (browser) => {
  const { page, context } = await open(browser, report("story"));
  await page.emulateMedia({ media: "print" });
  for (const [selector, visible] of [["#answers .card", true], [".matrix", true], ["#f31", true],
    ["#explorer", false], ["nav", false], [".custody", true], [".lanes", true]])
    equal(await page.locator(selector).first().isVisible(), visible, `${selector} in print`);
  ok((await page.pdf({ format: "A4" })).length > 20000, "the PDF is empty");
  await context.close();
});

test("print holds what is folded up", async (browser) => {
  const { page, context } = await open(browser, report("huge", "1000"));
  await page.waitForSelector("html[data-ready]");
  const heights = () => page.evaluate(() => [...document.querySelectorAll("details:not([open]) tbody tr")]
    .map((row) => row.getBoundingClientRect().height));
  await page.emulateMedia({ media: "print" });
  const rows = await heights();
  ok(rows.length, "nothing is folded up here");
  ok(rows.every((height) => height > 5), "a folded row has no place on paper");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  equal((await heights()).length, 0, "folded when printing");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  equal((await heights()).length, rows.length, "folded again");
  await context.close();
});

test("a narrow screen has no sideways scroll and opens a finding over the list", async (browser) => {
  const { page, context } = await open(browser, report("story"), { viewport: { width: 390, height: 800 } });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  ok(wide <= 390, `the page is ${wide} wide`);
  await page.locator("#explorer .row").first().click();
  await page.locator("#explorer").getByRole("button", { name: "Back to the list" }).click();
  ok(!(await page.locator("#explorer .side.open").count()), "the finding did not close");
  await context.close();
});

test("a hundred thousand findings stay quick", async (browser) => {
  const began = performance.now();
  const file = report("huge", "100000");
  const made = performance.now();
  const view = await open(browser, file);
  const { page, context } = view;
  await page.waitForSelector("html[data-ready]");
  const ready = performance.now();
  equal(await page.textContent("#explorer .count"),
    "100,000 of 100,000 findings; 57 lighter ones are only in the case file", "count");
  const timed = await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const clock = async (act) => {
      const start = performance.now();
      act();
      await frame();
      await frame();
      return Math.round(performance.now() - start);
    };
    const search = document.querySelector("#explorer input[type=search]");
    const list = document.querySelector("#explorer .list");
    const type = (text) => () => {
      search.value = text;
      search.dispatchEvent(new Event("input"));
    };
    return {
      text: await clock(type("host-17 t1021")),
      clear: await clock(type("")),
      level: await clock(() => document.querySelector(".chip-informational input").click()),
      scroll: await clock(() => { list.scrollTop = list.scrollHeight / 2; }),
      zoom: await clock(() => document.querySelector("[aria-label='Zoom in']").click()),
    };
  });
  const machine = {};
  for (const id of ["starts", "programs", "transfers"]) {
    const section = page.locator(`#${id}`);
    const from = performance.now();
    await section.evaluate((element) => element.scrollIntoView());
    await section.locator(".row").first().waitFor();
    machine[id] = Math.round(performance.now() - from);
    ok((await section.locator(".row").count()) < 60, `${id} draws rows that are out of sight`);
    const all = id === "transfers" ? 20003 : id === "starts" ? 100002 : 100002;
    ok((await section.locator(".count").textContent()).includes(`of ${Math.min(all, id === "transfers" ? 20000 : all).toLocaleString("en-GB")} `),
      `${id}: ${await section.locator(".count").textContent()}`);
    machine[`${id} text`] = await section.evaluate((element) => new Promise((done) => {
      const search = element.querySelector("input[type=search]");
      const start = performance.now();
      search.value = "10.0";
      search.dispatchEvent(new Event("input"));
      requestAnimationFrame(() => setTimeout(() => done(Math.round(performance.now() - start))));
    }));
  }
  await page.locator("#explorer .row").first().click();
  const opening = performance.now();
  await page.locator("#explorer .side .seen").first().waitFor();
  console.log(`# ${(readFileSync(file).length / 1e6).toFixed(1)} MB, made in ${Math.round(made - began)} ms, ready in ` +
    `${Math.round(ready - made)} ms; ms to answer: ${JSON.stringify({ ...timed, ...machine, open: Math.round(performance.now() - opening) })}`);
  ok((await page.locator("#explorer .row").count()) < 100, "the list draws rows that are out of sight");
  await blameless(view);
  await context.close();
});

const browser = await tools.launch();
let failed = 0;
console.log(`1..${tests.length}`);
for (const [i, { name, run }] of tests.entries()) {
  try {
    await run(browser);
    console.log(`ok ${i + 1} - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${i + 1} - ${name}\n# ${String(error.message ?? error).replaceAll("\n", "\n# ")}`);
  }
}
await browser.close();
rmSync(work, { recursive: true });
process.exit(failed ? 1 : 0);
