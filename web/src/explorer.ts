// Filters, the list of findings and the one that is open, kept in step.

import { el } from "./dom.ts";
import { HARM_TITLES, LEVELS, type Store } from "./data.ts";
import { drawDetail } from "./detail.ts";
import { everything, Filter } from "./filter.ts";
import { tail, VirtualList } from "./list.ts";
import { number, showLine, time } from "./show.ts";

export class Explorer {
  private readonly wanted = everything();
  private readonly filter: Filter;
  private readonly list: VirtualList;
  private readonly said = el("p", { class: "count", role: "status" });
  private readonly side = el("aside", { class: "side", "aria-label": "Finding" });
  private readonly host = el("select", { "aria-label": "Host" });
  private readonly search = el("input", {
    type: "search", placeholder: "rule, path, host, user, SHA-256, T-number", "aria-label": "Text to find",
  });
  private readonly deepBox = el("input", { type: "checkbox" });
  private readonly deep = new Map<string, Uint8Array>();
  private deepRun = 0;
  private open = -1;
  private readonly changed: ((findings: number[]) => void)[] = [];

  constructor(private readonly store: Store, private readonly into: HTMLElement) {
    this.filter = new Filter(store);
    this.list = new VirtualList("Findings that fit the filters",
      (finding, width) => this.parts(finding, width),
      (finding, byUser) => void this.show(finding, byUser));
    into.append(
      el("div", { class: "filters" },
        this.chips("Level", LEVELS.map((name, i) => [name, i] as const).reverse(), this.wanted.levels, store.level),
        this.chips("Harm", [1, 2, 3, 4, 5, 0].map((i) => [HARM_TITLES[i] ?? "", i] as const), this.wanted.harms, store.harm),
        this.fields()),
      this.said,
      el("div", { class: "panes" }, this.list.element, this.side));
    this.side.append(el("p", { class: "soft hint" }, "Choose a finding to see its proof."));
    this.side.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.apply();
  }

  /** Findings that fit all filters but the period, whenever that changes. */
  onChange(call: (findings: number[]) => void): void {
    this.changed.push(call);
    this.apply();
  }

  setWindow(from: number, to: number, whole: boolean): void {
    this.wanted.from = whole ? Number.NEGATIVE_INFINITY : from;
    this.wanted.to = whole ? Number.POSITIVE_INFINITY : to;
    this.apply(false);
  }

  /** Opens a finding wherever it is, widening the filters if they hide it. */
  reveal(finding: number): void {
    if (!this.list.select(finding)) {
      this.clear();
      this.list.select(finding);
    }
    this.side.scrollIntoView({ block: "nearest" });
    void this.show(finding, true);
  }

  private chips(title: string, names: (readonly [string, number])[], on: boolean[], column: Uint8Array): HTMLElement {
    const counts = new Array<number>(on.length).fill(0);
    for (const value of column) counts[value] = (counts[value] ?? 0) + 1;
    const set = el("fieldset", {}, el("legend", {}, title));
    for (const [name, i] of names) {
      const box = el("input", { type: "checkbox", name: `${title}-${i}` });
      box.checked = true;
      box.disabled = !counts[i];
      box.addEventListener("change", () => {
        on[i] = box.checked;
        this.apply();
      });
      set.append(el("label", { class: title === "Level" ? `chip chip-${LEVELS[i]}` : "chip" },
        box, el("span", {}, name, " ", el("small", {}, number(counts[i] ?? 0)))));
    }
    return set;
  }

  private fields(): HTMLElement {
    const order = el("select", { "aria-label": "Order" },
      el("option", { value: "weight" }, "heaviest first"), el("option", { value: "time" }, "by time"));
    const clear = el("button", { type: "button" }, "Clear filters");
    this.fillHosts();
    this.host.addEventListener("change", () => {
      this.wanted.host = Number(this.host.value);
      this.apply();
    });
    this.search.addEventListener("input", () => this.onText());
    this.deepBox.addEventListener("change", () => this.onText());
    order.addEventListener("change", () => {
      this.wanted.order = order.value === "time" ? "time" : "weight";
      this.apply();
    });
    clear.addEventListener("click", () => this.clear());
    return el("div", { class: "fields" }, this.search,
      el("label", { class: "deep" }, this.deepBox, " also in what rules saw"), this.host, order, clear);
  }

  private fillHosts(): void {
    const counts = new Array<number>(this.store.hosts.length).fill(0);
    for (const host of this.store.host) if (host >= 0) counts[host] = (counts[host] ?? 0) + 1;
    const hosts = this.store.hosts.map((name, i) => ({ name, i })).sort((a, b) => a.name.localeCompare(b.name));
    this.host.append(el("option", { value: "-1" }, `all hosts (${number(hosts.length)})`));
    for (const { name, i } of hosts)
      if (counts[i]) this.host.append(el("option", { value: String(i) }, `${showLine(name).slice(0, 80)} (${number(counts[i] ?? 0)})`));
  }

  private clear(): void {
    const fresh = everything();
    Object.assign(this.wanted, { host: -1, text: "", from: fresh.from, to: fresh.to });
    this.wanted.levels.fill(true);
    this.wanted.harms.fill(true);
    this.search.value = "";
    this.host.value = "-1";
    for (const box of this.into.querySelectorAll<HTMLInputElement>(".filters fieldset input")) box.checked = true;
    this.apply();
  }

  private onText(): void {
    this.wanted.text = this.search.value;
    this.apply();
    if (this.deepBox.checked) void this.searchDeep();
  }

  /** Looks into what every finding saw; answers come in as chunks are unpacked. */
  private async searchDeep(): Promise<void> {
    const run = ++this.deepRun;
    const words = this.wanted.text.toLowerCase().split(/\s+/).filter((word) => word && !this.deep.has(word));
    if (!words.length) return;
    const found = words.map(() => new Uint8Array(this.store.count));
    await this.store.eachSeen((finding, seen) => {
      const text = [...seen.matched, ...seen.detail]
        .map((row) => `${row.name} ${row.value} ${row.hex ?? ""}`).join(" ").toLowerCase();
      words.forEach((word, i) => {
        const hits = found[i];
        if (hits && text.includes(word)) hits[finding] = 1;
      });
    }, () => run !== this.deepRun);
    if (run !== this.deepRun) return;
    if (this.deep.size > 50) this.deep.clear();
    words.forEach((word, i) => this.deep.set(word, found[i] ?? new Uint8Array()));
    this.apply();
  }

  private apply(tell = true): void {
    const deep = this.deepBox.checked ? (word: string) => this.deep.get(word) : undefined;
    const { anyTime, inTime } = this.filter.apply(this.wanted, deep);
    this.list.set(inTime);
    const left = this.store.total - this.store.count;
    this.said.textContent = `${number(inTime.length)} of ${number(this.store.count)} findings` +
      (left > 0 ? `; ${number(left)} lighter ones are only in the case file` : "");
    if (tell) for (const call of this.changed) call(anyTime);
  }

  private parts(finding: number, width: number): HTMLElement[] {
    const { store } = this;
    const rule = store.ruleOf(finding);
    const level = LEVELS[rule.level] ?? "informational";
    const count = store.times[finding] ?? 1;
    const when = store.time[finding] ?? Number.NaN;
    const host = showLine(store.hostOf(finding));
    return [
      el("span", { class: `level level-${level}` }, level),
      el("span", { class: "row-title" }, showLine(rule.title), count > 1 ? ` ×${number(count)}` : ""),
      el("span", { class: "row-time" }, Number.isNaN(when) ? "no time" : time(when)),
      el("span", { class: "row-host" }, ...(host ? [host] : [])),
      el("span", { class: "row-item" }, tail(showLine(store.itemOf(finding)?.path ?? ""), width - (host ? 440 : 296))),
    ];
  }

  private close(): void {
    this.side.classList.remove("open");
    this.list.element.focus();
  }

  private async show(finding: number, byUser: boolean): Promise<void> {
    this.open = finding;
    const detail = await drawDetail(this.store, finding);
    if (this.open !== finding) return;
    const close = el("button", { type: "button", class: "close" }, "Back to the list");
    close.addEventListener("click", () => this.close());
    this.side.replaceChildren(close, detail);
    this.side.scrollTop = 0;
    if (byUser) this.side.classList.add("open");
  }
}
