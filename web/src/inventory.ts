// The machine's inventories (what starts, programs, destinations): any number of rows, looked
// through and filtered. Each is unpacked when its section comes near, not before.

import { el } from "./dom.ts";
import { VirtualList } from "./list.ts";
import { number, showLine } from "./show.ts";

/** One inventory, read by row. */
export interface Inventory {
  /** Rows the page has, and all that the case has. */
  readonly count: number;
  readonly total: number;
  /** "entries" */
  readonly noun: string;
  /** What the text field looks in. */
  hay(row: number): string;
  /** What the choices above the list choose by: names and the value of a row. */
  readonly choices: { label: string; of: (row: number) => string }[];
  parts(row: number, width: number): (Node | string)[];
  detail(row: number): HTMLElement;
}

class Choice {
  readonly element: HTMLSelectElement;
  private readonly values: string[];

  constructor(inventory: Inventory, label: string, private readonly of: (row: number) => string, changed: () => void) {
    const counts = new Map<string, number>();
    for (let row = 0; row < inventory.count; row++) {
      const value = of(row);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    this.values = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a.localeCompare(b));
    this.element = el("select", { "aria-label": label },
      el("option", { value: "-1" }, `${label}: all (${number(counts.size)})`),
      ...this.values.map((value, i) => el("option", { value: String(i) },
        `${showLine(value || "not told").slice(0, 60)} (${number(counts.get(value) ?? 0)})`)));
    this.element.addEventListener("change", changed);
  }

  /** One value offers no choice. */
  get useful(): boolean {
    return this.values.length > 1;
  }

  clear(): void {
    this.element.value = "-1";
  }

  fits(row: number): boolean {
    const wanted = this.values[Number(this.element.value)];
    return wanted === undefined || this.of(row) === wanted;
  }
}

export class InventoryExplorer {
  private readonly list: VirtualList;
  private readonly said = el("p", { class: "count", role: "status" });
  private readonly side = el("aside", { class: "side", "aria-label": "Chosen row" });
  private readonly search = el("input", { type: "search", placeholder: "any words", "aria-label": "Text to find" });
  private readonly choices: Choice[];
  private hay: string[] | undefined;

  constructor(private readonly inventory: Inventory, into: HTMLElement) {
    this.list = new VirtualList(`The ${inventory.noun} that fit`,
      (row, width) => inventory.parts(row, width), (row, byUser) => this.show(row, byUser));
    this.choices = inventory.choices.map(({ label, of }) => new Choice(inventory, label, of, () => this.apply()))
      .filter((choice) => choice.useful);
    const clear = el("button", { type: "button" }, "Clear filters");
    clear.addEventListener("click", () => this.clear());
    this.search.addEventListener("input", () => this.apply());
    this.side.append(el("p", { class: "soft hint" }, "Choose a row to see all that is known of it."));
    this.side.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    const panes = el("div", { class: "panes" }, this.list.element, this.side);
    // A short list leaves no empty page behind it.
    panes.style.height = `min(46rem, 86vh, ${Math.max(inventory.count, 8) * 46 + 2}px)`;
    into.append(
      el("div", { class: "filters" },
        el("div", { class: "fields" }, this.search, ...this.choices.map((choice) => choice.element), clear)),
      this.said, panes);
    this.apply();
  }

  private haystacks(): string[] {
    this.hay ??= Array.from({ length: this.inventory.count }, (_, row) => this.inventory.hay(row).toLowerCase());
    return this.hay;
  }

  private clear(): void {
    this.search.value = "";
    for (const choice of this.choices) choice.clear();
    this.apply();
  }

  private apply(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hay = words.length ? this.haystacks() : [];
    const { count, total, noun } = this.inventory;
    const rows: number[] = [];
    for (let row = 0; row < count; row++)
      if (this.choices.every((choice) => choice.fits(row)) && words.every((word) => hay[row]?.includes(word)))
        rows.push(row);
    this.list.set(rows);
    this.said.textContent = `${number(rows.length)} of ${number(count)} ${noun}` +
      (total > count ? `; ${number(total - count)} more are only in the case file` : "");
  }

  private close(): void {
    this.side.classList.remove("open");
    this.list.element.focus();
  }

  private show(row: number, byUser: boolean): void {
    const close = el("button", { type: "button", class: "close" }, "Back to the list");
    close.addEventListener("click", () => this.close());
    this.side.replaceChildren(close, this.inventory.detail(row));
    this.side.scrollTop = 0;
    if (byUser) this.side.classList.add("open");
  }
}

/** Calls `open` once, when `section` is about to be seen. */
export function whenNear(section: HTMLElement, open: () => void): void {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    open();
  }, { rootMargin: "800px" });
  watch.observe(section);
}
