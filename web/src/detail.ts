// One finding with all that is known of it.

import { el } from "./dom.ts";
import { HARMS, LEVELS, type Item, type Row, type Seen, type Store } from "./data.ts";
import { number, show, showLine } from "./show.ts";

function pairs(list: HTMLElement, name: string, value: string | Node, code = false): void {
  if (value === "") return;
  list.append(el("dt", {}, name), el("dd", code ? { class: "code" } : {}, value));
}

/** "00000010  4d 5a 90 00  MZ.." in lines of 8 bytes, which fit beside the list. */
function hexDump(hex: string, offset: number): string {
  const lines: string[] = [];
  for (let at = 0; at < hex.length; at += 16) {
    const bytes = hex.slice(at, at + 16).match(/../g) ?? [];
    const text = bytes.map((pair) => {
      const code = Number.parseInt(pair, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
    }).join("");
    const place = (offset + at / 2).toString(16).padStart(8, "0");
    lines.push(`${place}  ${bytes.join(" ").padEnd(23)}  ${text}`);
  }
  return lines.join("\n");
}

function seenTable(caption: string, rows: Row[]): HTMLElement {
  const body = el("tbody");
  for (const row of rows) {
    const name = el("th", { scope: "row" }, showLine(row.name));
    const value = el("td", {}, show(row.value));
    if (row.offset !== undefined) name.append(el("span", { class: "soft" }, ` at 0x${row.offset.toString(16)}`));
    if (row.hex) value.append(el("pre", { class: "hex" }, hexDump(row.hex, row.offset ?? 0)));
    body.append(el("tr", {}, name, value));
  }
  return el("table", { class: "seen" }, el("caption", {}, caption), body);
}

function precise(iso: string): string {
  return iso.replace("T", " ").replace("Z", "").replace(/\.?0+$/, "");
}

function when(seen: Seen, times: number): string {
  const first = seen.time ? precise(seen.time) : "";
  const last = seen.last && seen.last !== seen.time ? ` to ${precise(seen.last)}` : "";
  const often = times > 1 ? `, ${number(times)} times` : "";
  return first ? `${first}${last} UTC${often}` : often.slice(2);
}

function place(seen: Seen): string {
  const parts = [];
  if (seen.record !== null) parts.push(`record ${seen.record}`);
  if (seen.offset !== null) parts.push(`offset 0x${BigInt(seen.offset).toString(16)} (${number(Number(seen.offset))})`);
  return parts.join(", ");
}

function copies(item: Item): Node {
  const rest = item.copyTotal - item.copies.length;
  const items = item.copies.map((path) => el("li", {}, showLine(path)));
  if (rest > 0) items.push(el("li", {}, `and ${number(rest)} more`));
  return el("ul", { class: "plain" }, ...items);
}

function techniques(list: [string, string][]): Node {
  const items = list.map(([id, name]) => el("li", {}, el("b", {}, showLine(id)), ` ${name}`));
  return el("ul", { class: "plain" }, ...items);
}

export async function drawDetail(store: Store, finding: number): Promise<HTMLElement> {
  const rule = store.ruleOf(finding);
  const item = store.itemOf(finding);
  const seen = await store.seen(finding);
  const level = LEVELS[rule.level] ?? "informational";
  const list = el("dl", { class: "pairs" });
  const carried = store.carriers.get(finding);

  if (seen) pairs(list, "Time", when(seen, store.times[finding] ?? 1));
  pairs(list, "Host", showLine(store.hostOf(finding)));
  pairs(list, "User", showLine(store.userOf(finding)));
  pairs(list, "Item", showLine(item?.path ?? ""), true);
  if (item?.copyTotal) pairs(list, "Also at", copies(item), true);
  pairs(list, "SHA-256", item?.sha256 ?? "", true);
  if (item && item.fate !== "examined")
    pairs(list, "Item's fate", `${item.fate}${item.reason ? `: ${showLine(item.reason)}` : ""}`);
  if (seen) pairs(list, "Place", place(seen));
  if (rule.techniques.length) pairs(list, "ATT&CK", techniques(rule.techniques));
  pairs(list, "Rule", showLine(`${rule.engine} ${rule.id}`), true);
  pairs(list, "Rule file", showLine(rule.file), true);
  const article = el("article", { class: "finding" },
    el("h3", { tabindex: "-1" },
      el("span", { class: `level level-${level}` }, level), " ", showLine(rule.title)),
    el("p", { class: "soft" },
      `${rule.harm ? `${HARMS[rule.harm]}, ` : ""}finding ${store.ids[finding]}`,
      carried ? `, carries the answer on ${HARMS[carried]}` : ""),
    list);
  if (seen?.matched.length) article.append(seenTable("What the rule saw", seen.matched));
  if (seen?.detail.length) article.append(seenTable("Further fields", seen.detail));
  return article;
}
