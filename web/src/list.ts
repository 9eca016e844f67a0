// A list that holds any number of rows and draws only those in sight.

import { el, oncePerFrame } from "./dom.ts";

const ROW = 46;
const SPARE = 8;

/** What a row holds; `width` is that of the list in pixels. */
export type RowParts = (entry: number, width: number) => (Node | string)[];

/** Ids of rows tell lists of one page apart. */
let lists = 0;

/** The end of a path tells more than its beginning; `room` is in pixels. */
export function tail(path: string, room: number): string {
  const most = Math.max(20, Math.floor(room / 7.6));
  return path.length > most ? `…${path.slice(1 - most)}` : path;
}

export class VirtualList {
  readonly element: HTMLElement;
  private readonly sizer: HTMLElement;
  private rows: number[] = [];
  private current = -1;
  private readonly id = `row${lists++}`;
  private readonly draw = oncePerFrame(() => this.drawNow());

  constructor(
    label: string,
    private readonly parts: RowParts,
    private readonly onOpen: (entry: number, byUser: boolean) => void,
  ) {
    this.sizer = el("div", { class: "list-size" });
    this.element = el("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": label }, this.sizer);
    this.element.addEventListener("scroll", this.draw, { passive: true });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("click", (event) => this.onClick(event));
    new ResizeObserver(this.draw).observe(this.element);
  }

  set(rows: number[]): void {
    const kept = this.current >= 0 ? this.rows[this.current] : undefined;
    this.rows = rows;
    this.current = kept === undefined ? -1 : rows.indexOf(kept);
    this.sizer.style.height = `${rows.length * ROW}px`;
    this.draw();
  }

  /** False where the filters hide it. */
  select(entry: number): boolean {
    const at = this.rows.indexOf(entry);
    if (at < 0) return false;
    this.moveTo(at, false);
    return true;
  }

  private moveTo(at: number, byUser: boolean): void {
    const entry = this.rows[at];
    if (entry === undefined) return;
    this.current = at;
    const top = at * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW - clientHeight;
    this.element.setAttribute("aria-activedescendant", `${this.id}-${at}`);
    this.draw();
    this.onOpen(entry, byUser);
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
      Home: -this.rows.length, End: this.rows.length, Enter: 0,
    };
    const step = steps[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.moveTo(Math.min(this.rows.length - 1, Math.max(0, this.current + step)), event.key === "Enter");
  }

  private onClick(event: MouseEvent): void {
    const row = (event.target as Element).closest<HTMLElement>("[data-at]");
    if (row) this.moveTo(Number(row.dataset["at"]), true);
  }

  private drawNow(): void {
    const { scrollTop, clientHeight } = this.element;
    const from = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const to = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const drawn = new Map<string, HTMLElement>();
    const wanted = new Set<string>();
    for (let at = from; at < to; at++) wanted.add(this.key(at));
    // What stays is left alone: a row that is replaced under a pressed button loses the click.
    for (const row of [...this.sizer.children] as HTMLElement[]) {
      const key = row.dataset["key"] ?? "";
      if (wanted.has(key)) drawn.set(key, row);
      else row.remove();
    }
    let next = this.sizer.firstElementChild;
    for (let at = from; at < to; at++) {
      const row = drawn.get(this.key(at)) ?? this.row(at);
      if (row === next) next = next.nextElementSibling;
      else this.sizer.insertBefore(row, next);
    }
  }

  /** Rows of one key look alike. */
  private key(at: number): string {
    return [at, this.rows[at], at === this.current, this.rows.length, this.element.clientWidth].join(" ");
  }

  private row(at: number): HTMLElement {
    const row = el("div", {
      "data-key": this.key(at),
      class: "row", role: "option", id: `${this.id}-${at}`, "data-at": String(at),
      "aria-selected": String(at === this.current), "aria-setsize": String(this.rows.length),
      "aria-posinset": String(at + 1),
    }, ...this.parts(this.rows[at] ?? 0, this.element.clientWidth));
    row.style.transform = `translateY(${at * ROW}px)`;
    return row;
  }
}
