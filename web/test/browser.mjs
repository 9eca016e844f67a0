// Debian's Chromium, as a test needs it: headless, offline, no profile.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const path = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const missing = existsSync(path) ? undefined : `${path} is not installed`;

export function launch() {
  return chromium.launch({
    executablePath: path,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}
