// The three inventories of src/report/html_inventory.c. Texts repeat: rows hold places in one list of them.

import { bytes, number, showLine, time } from "./show.ts";
import { el } from "./dom.ts";
import { unpack } from "./data.ts";
import { InventoryExplorer, whenNear, type Inventory } from "./inventory.ts";
import { tail } from "./list.ts";

type Cell = number | null;

interface Raw {
  total: number;
  names: string[];
  rows: Cell[][];
}

class Table {
  readonly count: number;
  readonly total: number;

  constructor(private readonly raw: Raw) {
    this.count = raw.rows.length;
    this.total = raw.total;
  }

  number(row: number, column: number): number | null {
    return this.raw.rows[row]?.[column] ?? null;
  }

  text(row: number, column: number): string {
    return this.raw.names[this.number(row, column) ?? -1] ?? "";
  }

  /** The texts from a column on to the end of the row. */
  texts(row: number, from: number): string[] {
    return (this.raw.rows[row] ?? []).slice(from).map((name) => this.raw.names[name ?? -1] ?? "");
  }

  /** All texts of the columns up to `columns`, and those from there on. */
  hay(row: number, columns: number[], from: number): string {
    return [...columns.map((column) => this.text(row, column)), ...this.texts(row, from)].join(" ");
  }
}

function standing(word: string): HTMLElement {
  return el("span", { class: `standing standing-${word}` }, word);
}

function when(micros: number | null): string {
  return micros === null ? "" : `${time(micros)} UTC`;
}

/** In a list all times are UTC, as the page says. */
function whenInList(micros: number | null): string {
  return micros === null ? "no time" : time(micros);
}

/** Under the title: where there is a place on the right, that takes its room. */
function underRoom(width: number, side: string): number {
  return width - (side ? 440 : 296);
}

function counted(n: number | null, noun: string): string {
  return `${number(n ?? 0)} ${noun}${n === 1 ? "" : "s"}`;
}

type Fact = [name: string, value: string, code?: boolean];

function detailOf(title: string, badge: Node | string, facts: Fact[], reasons: string[]): HTMLElement {
  const list = el("dl", { class: "pairs" });
  for (const [name, value, code] of facts)
    if (value) list.append(el("dt", {}, name), el("dd", code ? { class: "code" } : {}, showLine(value)));
  if (reasons.length)
    list.append(el("dt", {}, "Why it stands here"),
      el("dd", {}, el("ul", { class: "plain" }, ...reasons.map((reason) => el("li", {}, showLine(reason))))));
  return el("article", { class: "finding" }, el("h3", { tabindex: "-1" }, badge, " ", showLine(title)), list);
}

function rowParts(badge: Node | string, title: string, under: string, side: string, end: string, width: number): Node[] {
  return [
    el("span", { class: "badge" }, badge),
    el("span", { class: "row-title" }, tail(showLine(title), (width - 150) * 0.85)),
    el("span", { class: "row-time" }, end),
    el("span", { class: "row-host" }, ...(side ? [showLine(side)] : [])),
    el("span", { class: "row-item" }, under),
  ];
}

// [standing, entry, what, machine, path, name, command, program, user, technique, written, points, ...reasons]
function starts(t: Table): Inventory {
  const title = (row: number): string => t.text(row, 6) || t.text(row, 7) || t.text(row, 5);
  return {
    count: t.count, total: t.total, noun: "entries",
    hay: (row) => t.hay(row, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 12),
    choices: [
      { label: "Program", of: (row) => t.text(row, 0) },
      { label: "Entry", of: (row) => t.text(row, 1) },
      { label: "Kind", of: (row) => t.text(row, 2) },
      { label: "Machine", of: (row) => t.text(row, 3) },
    ],
    parts: (row, width) => rowParts(standing(t.text(row, 0)), title(row),
      tail(showLine(`${t.text(row, 2)}, in ${t.text(row, 4)}`), underRoom(width, t.text(row, 3))),
      t.text(row, 3), whenInList(t.number(row, 10)), width),
    detail: (row) => detailOf(title(row), standing(t.text(row, 0)), [
      ["Kind", t.text(row, 2)], ["Machine", t.text(row, 3)], ["Written in", t.text(row, 4), true],
      ["Name", t.text(row, 5), true], ["Command", t.text(row, 6), true], ["Program", t.text(row, 7), true],
      ["User", t.text(row, 8)], ["ATT&CK", t.text(row, 9)], ["Written", when(t.number(row, 10))],
      ["Program is", t.text(row, 0)], ["Entry is", t.text(row, 1)], ["Points", number(t.number(row, 11) ?? 0)],
    ], t.texts(row, 12)),
  };
}

// [standing, source, machine, path, points, ...reasons]
function programs(t: Table): Inventory {
  return {
    count: t.count, total: t.total, noun: "programs, bad or unknown",
    hay: (row) => t.hay(row, [0, 1, 2, 3], 5),
    choices: [
      { label: "Standing", of: (row) => t.text(row, 0) },
      { label: "Machine", of: (row) => t.text(row, 2) },
    ],
    parts: (row, width) => rowParts(standing(t.text(row, 0)), t.text(row, 3),
      showLine([t.text(row, 1), ...t.texts(row, 5)].filter(Boolean).join("; ")), t.text(row, 2),
      `${number(t.number(row, 4) ?? 0)} points`, width),
    detail: (row) => detailOf(t.text(row, 3), standing(t.text(row, 0)), [
      ["Path", t.text(row, 3), true], ["Machine", t.text(row, 2)], ["Known by", t.text(row, 1)],
      ["Points", number(t.number(row, 4) ?? 0)],
    ], t.texts(row, 5)),
  };
}

// [destination, out, in, records, hosts, first, last]
function transfers(t: Table): Inventory {
  const size = (n: number | null): string => (n === null ? "not told" : bytes(n));
  const most = t.number(0, 1) ?? 0;
  const bar = (row: number): HTMLElement => {
    const part = el("span", { class: "bytes-bar", "aria-hidden": "true" });
    part.style.width = `${most ? (100 * (t.number(row, 1) ?? 0)) / most : 0}%`;
    return part;
  };
  return {
    count: t.count, total: t.total, noun: "destinations",
    hay: (row) => t.text(row, 0),
    choices: [],
    parts: (row, width) => {
      const [badge, title, ...rest] = rowParts(`${size(t.number(row, 1))}`, t.text(row, 0),
        [t.number(row, 2) === null ? "" : `${size(t.number(row, 2))} in, `, counted(t.number(row, 3), "record")].join(""),
        t.number(row, 4) ? counted(t.number(row, 4), "host") : "host not told", whenInList(t.number(row, 6)), width);
      return [bar(row), ...[badge, title, ...rest].filter((part) => part !== undefined)];
    },
    detail: (row) => detailOf(t.text(row, 0), "", [
      ["Out", size(t.number(row, 1))], ["In", size(t.number(row, 2))],
      ["Records", number(t.number(row, 3) ?? 0)], ["Hosts", t.number(row, 4) ? number(t.number(row, 4) ?? 0) : "not told"],
      ["First", when(t.number(row, 5))], ["Last", when(t.number(row, 6))],
    ], []),
  };
}

/** Sections that are not on the page have nothing to show. */
export function openInventories(): void {
  for (const [id, make] of [["starts", starts], ["programs", programs], ["transfers", transfers]] as const) {
    const section = document.getElementById(id);
    if (!section || !document.getElementById(`${id}-0`)) continue;
    whenNear(section, () => {
      const into = el("div");
      unpack(`${id}-0`).then((raw) => {
        section.append(into);
        new InventoryExplorer(make(new Table(raw as Raw)), into);
        section.classList.add("explored");
      }).catch((reason: unknown) => {
        section.append(el("p", { class: "warning" }, `This list does not open: ${String(reason)}.`));
      });
    });
  }
}
