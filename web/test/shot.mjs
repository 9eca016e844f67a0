// Pictures of a report to look at. usage: node test/shot.mjs REPORT.html OUT.png [WIDTH] [light|dark] [full|print|pane]
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [file, out, width = "1280", scheme = "light", mode = "view"] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme });
page.on("console", (message) => console.log(message.type(), message.text()));
page.on("pageerror", (error) => console.log("error", error.message));
await page.goto(pathToFileURL(file).href);
await page.waitForSelector("html[data-ready]", { timeout: 30000 }).catch(() => console.log("not ready"));
if (mode === "print") await page.pdf({ path: out, format: "A4", printBackground: true });
else if (mode === "full") await page.screenshot({ path: out, fullPage: true });
else {
  if (mode !== "view") await page.locator(mode).scrollIntoViewIfNeeded();
  if (mode === "#findings") { await page.locator("#findings").evaluate((e) => e.scrollIntoView()); await page.locator(".row").nth(2).click(); await page.waitForTimeout(400); }
  await page.screenshot({ path: out });
}
await browser.close();
