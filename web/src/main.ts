// The report page: what is in the file stays readable without this; this makes it explorable.

import { byId, el } from "./dom.ts";
import { Store } from "./data.ts";
import { Explorer } from "./explorer.ts";
import { openInventories } from "./machine.ts";
import { TimeLine } from "./timeline.ts";

/** Links from the answers go to the finding in the explorer. */
function followLinks(store: Store, explorer: Explorer): void {
  const byNumber = new Map(store.ids.map((id, i) => [`#f${id}`, i]));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="#f"]');
    const finding = byNumber.get(link?.getAttribute("href") ?? "");
    if (finding === undefined) return;
    event.preventDefault();
    byId("findings").scrollIntoView();
    explorer.reveal(finding);
  });
}

/** Paper has no button: what is folded up on the page is not on it. */
function unfoldForPrint(): void {
  let folded: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    folded = [];
  });
}

async function start(): Promise<void> {
  if (typeof DecompressionStream === "undefined")
    throw new Error("this browser is too old for the explorer; all that matters most is on the page");
  const store = await Store.open();
  document.documentElement.classList.add("scripted");
  openInventories();
  if (!store.count && !store.events.length) {
    byId("timeline-here").append(el("p", { class: "soft" }, "Nothing to draw: no findings."));
    return;
  }
  const explorer = new Explorer(store, byId("explorer"));
  const line = new TimeLine(store,
    (from, to, whole) => explorer.setWindow(from, to, whole),
    (finding) => {
      byId("findings").scrollIntoView();
      explorer.reveal(finding);
    });
  byId("timeline-here").append(line.element);
  explorer.onChange((findings) => line.set(findings));
  followLinks(store, explorer);
  document.documentElement.dataset["ready"] = "yes";
}

unfoldForPrint();
start().catch((reason: unknown) => {
  byId("findings").prepend(el("p", { class: "warning" }, `The explorer does not run: ${String(reason)}.`));
});
