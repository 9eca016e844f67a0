// Findings over time: a lane for each harm, bars by level, zoom by drawing a period.

import { axisBottom } from "d3-axis";
import { brushX, type BrushBehavior } from "d3-brush";
import { scaleUtc, type ScaleTime } from "d3-scale";
import { select, type Selection } from "d3-selection";

import { el, oncePerFrame } from "./dom.ts";
import { HARM_TITLES, LEVELS, type Notable, type Store } from "./data.ts";
import { number, showLine, time } from "./show.ts";

const LANE = 54;
const LABELS = 96;
const AXIS = 26;
const STRIP = 34;
const BAR = 5;
/** Findings marked of those that carry an answer, heaviest first. */
const MARKS = 12;
/** Room for half a label of the axis. */
const EDGE = 24;

type Group = Selection<SVGGElement, unknown, null, undefined>;

interface Lane {
  harm: number;
  title: string;
  /** counts[bin * levels + level] */
  counts: Uint32Array;
  most: number;
}

export class TimeLine {
  readonly element: HTMLElement;
  private readonly svg: SVGSVGElement;
  private readonly tip: HTMLElement;
  private readonly said: HTMLElement;
  private findings: number[] = [];
  private window: [number, number];
  private readonly whole: [number, number];
  private lanes: Lane[] = [];
  private width = 900;
  private bins = 1;
  private x: ScaleTime<number, number> = scaleUtc();
  private readonly draw = oncePerFrame(() => this.drawNow());

  constructor(
    private readonly store: Store,
    private readonly onWindow: (from: number, to: number, whole: boolean) => void,
    private readonly onOpen: (finding: number) => void,
  ) {
    this.whole = extent(store);
    this.window = mostOf(store, this.whole);
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("tabindex", "0");
    this.svg.setAttribute("class", "lanes");
    this.tip = el("div", { class: "tip", hidden: "" });
    this.said = el("p", { class: "soft", "aria-live": "polite" });
    this.element = el("div", { class: "timeline" }, this.tools(), this.svg, this.tip);
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.svg.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(this.draw).observe(this.element);
  }

  set(findings: number[]): void {
    this.findings = findings;
    this.draw();
  }

  private tools(): HTMLElement {
    const button = (text: string, label: string, act: () => void): HTMLElement => {
      const made = el("button", { type: "button", "aria-label": label }, text);
      made.addEventListener("click", act);
      return made;
    };
    return el("div", { class: "tools" },
      button("−", "Zoom out", () => this.zoom(2)),
      button("+", "Zoom in", () => this.zoom(0.5)),
      button("←", "Earlier", () => this.shift(-0.5)),
      button("→", "Later", () => this.shift(0.5)),
      button("Whole period", "Show the whole period", () => this.go(...this.whole)),
      this.said, el("p", { class: "soft key" }, "carries an answer most"));
  }

  private zoom(factor: number): void {
    const [from, to] = this.window;
    const middle = (from + to) / 2;
    const half = Math.max(((to - from) / 2) * factor, 500_000);
    this.go(middle - half, middle + half);
  }

  private shift(part: number): void {
    const [from, to] = this.window;
    this.go(from + (to - from) * part, to + (to - from) * part);
  }

  private go(from: number, to: number): void {
    const [first, last] = this.whole;
    const long = Math.min(to - from, last - first);
    const start = Math.min(Math.max(from, first), last - long);
    this.window = [start, start + long];
    this.onWindow(start, start + long, long >= last - first);
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const acts: Record<string, () => void> = {
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      ArrowLeft: () => this.shift(-0.25), ArrowRight: () => this.shift(0.25),
      "0": () => this.go(...this.whole),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  private count(): void {
    const { store, window: [from, to] } = this;
    const harms = [1, 2, 3, 4, 5, 0];
    const levels = LEVELS.length;
    this.lanes = harms.map((harm) => ({
      harm, title: HARM_TITLES[harm] ?? "", counts: new Uint32Array(this.bins * levels), most: 0,
    }));
    const laneOf = new Map(this.lanes.map((lane) => [lane.harm, lane]));
    const scale = this.bins / (to - from || 1);
    for (const finding of this.findings) {
      const at = store.time[finding] ?? Number.NaN;
      if (!(at >= from && at <= to)) continue;
      const lane = laneOf.get(store.harm[finding] ?? 0);
      if (!lane) continue;
      const bin = Math.min(this.bins - 1, Math.floor((at - from) * scale));
      const slot = bin * levels + (store.level[finding] ?? 0);
      lane.counts[slot] = (lane.counts[slot] ?? 0) + 1;
    }
    for (const lane of this.lanes)
      for (let bin = 0; bin < this.bins; bin++) lane.most = Math.max(lane.most, this.inBin(lane, bin));
  }

  private inBin(lane: Lane, bin: number): number {
    let sum = 0;
    for (let level = 0; level < LEVELS.length; level++) sum += lane.counts[bin * LEVELS.length + level] ?? 0;
    return sum;
  }

  private drawNow(): void {
    const wide = Math.floor(this.element.clientWidth);
    if (!wide) return;
    const labels = wide < 600 ? 0 : LABELS;
    this.width = Math.max(240, wide - labels - EDGE);
    this.bins = Math.max(10, Math.floor(this.width / BAR));
    this.count();
    const shown = this.lanes.filter((lane) => lane.harm || lane.most);
    const notable = this.store.events.length > 0;
    const height = shown.length * LANE + (notable ? 24 : 0) + AXIS + STRIP + 22;
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${height}`);
    this.svg.setAttribute("aria-label", this.describe(shown));
    this.x = scaleUtc().domain(this.window.map((t) => new Date(t / 1000))).range([0, this.width]);
    const root = select(this.svg);
    root.selectAll("*").remove();
    const plot = root.append("g").attr("transform", `translate(${labels},0)`);
    shown.forEach((lane, i) => this.drawLane(plot, lane, i * LANE, labels));
    let y = shown.length * LANE;
    if (notable) {
      this.drawNotable(plot, y, labels);
      y += 24;
    }
    plot.append("g").attr("class", "axis").attr("transform", `translate(0,${y})`)
      .call(axisBottom<Date>(this.x).ticks(Math.max(3, Math.floor(this.width / 110)))
        .tickSizeOuter(0).tickFormat(tickText));
    this.drawZoom(plot, y);
    this.drawCarriers(plot, shown);
    this.drawStrip(plot, y + AXIS + 12);
    this.said.textContent = this.sentence();
  }

  private sentence(): string {
    const [from, to] = this.window;
    const inside = this.lanes.reduce((sum, lane) => sum + lane.counts.reduce((a, b) => a + b, 0), 0);
    const timeless = this.findings.filter((f) => Number.isNaN(this.store.time[f])).length;
    return `${number(inside)} from ${time(from)} to ${time(to)} UTC` +
      (timeless ? `; ${number(timeless)} without a time are not drawn` : "") +
      (this.store.notable > this.store.events.length
        ? `; ${number(this.store.events.length)} of ${number(this.store.notable)} other events are drawn` : "") +
      ". Drag across the lanes to zoom.";
  }

  private describe(lanes: Lane[]): string {
    const parts = lanes.map((lane) => `${lane.title} ${lane.counts.reduce((a, b) => a + b, 0)}`);
    return `Time line of findings by harm: ${parts.join(", ")}. Keys: plus, minus, arrows, zero.`;
  }

  /** Heaviest at the foot, so that it is never hidden; heights grow with the root of the count. */
  private drawLane(plot: Group, lane: Lane, y: number, labels: number): void {
    const base = y + LANE - 4;
    const room = LANE - 16;
    const most = Math.sqrt(Math.max(4, ...this.lanes.map((l) => l.most)));
    const paths = LEVELS.map(() => "");
    for (let bin = 0; bin < this.bins; bin++) {
      const sum = this.inBin(lane, bin);
      if (!sum) continue;
      const tall = Math.max(7, (Math.sqrt(sum) / most) * room);
      let foot = base;
      for (let level = LEVELS.length - 1; level >= 0; level--) {
        const n = lane.counts[bin * LEVELS.length + level] ?? 0;
        if (!n) continue;
        const part = Math.max(2, (n / sum) * tall);
        foot -= part;
        paths[level] += `M${(bin * BAR * this.width) / (this.bins * BAR)} ${foot.toFixed(1)}h${BAR - 1}v${part.toFixed(1)}h-${BAR - 1}z`;
      }
    }
    plot.append("line").attr("class", "lane-line").attr("x1", -labels).attr("x2", this.width)
      .attr("y1", base + 0.5).attr("y2", base + 0.5);
    paths.forEach((d, level) => {
      if (d) plot.append("path").attr("class", `bar bar-${LEVELS[level]}`).attr("d", d);
    });
    plot.append("text").attr("class", "lane-title").attr("x", labels ? -labels : 2)
      .attr("y", labels ? base - 4 : y + 10).text(lane.title);
  }

  private drawNotable(plot: Group, y: number, labels: number): void {
    const [from, to] = this.window;
    let d = "";
    for (const event of this.store.events)
      if (event.time >= from && event.time <= to)
        d += `M${this.x(new Date(event.time / 1000)).toFixed(1)} ${y + 6}v12`;
    plot.append("path").attr("class", "notable").attr("d", d);
    plot.append("text").attr("class", "lane-title").attr("x", labels ? -labels : 2).attr("y", y + 16)
      .text(labels ? "Other events" : "");
  }

  private drawCarriers(plot: Group, lanes: Lane[]): void {
    const [from, to] = this.window;
    const drawn = new Map<number, number>();
    for (const [finding, harm] of this.store.carriers) {
      const before = drawn.get(harm) ?? 0;
      drawn.set(harm, before + 1);
      if (before >= MARKS) continue;
      const at = this.store.time[finding] ?? Number.NaN;
      const lane = lanes.findIndex((l) => l.harm === harm);
      if (lane < 0 || !(at >= from && at <= to)) continue;
      const mark = plot.append("path").attr("class", "carrier")
        .attr("d", "M0-5l4.5 5-4.5 5-4.5-5z")
        .attr("transform", `translate(${this.x(new Date(at / 1000)).toFixed(1)},${lane * LANE + 8})`);
      mark.append("title").text(showLine(this.store.ruleOf(finding).title));
      mark.on("click", () => this.onOpen(finding));
    }
  }

  private drawZoom(plot: Group, height: number): void {
    const brush: BrushBehavior<unknown> = brushX<unknown>()
      .extent([[0, 0], [this.width, height]])
      .on("end", (event: { selection: [number, number] | null }) => {
        if (!event.selection) return;
        const [a, b] = event.selection;
        if (b - a > 3) this.go(this.x.invert(a).getTime() * 1000, this.x.invert(b).getTime() * 1000);
        else this.draw();
      });
    plot.append("g").attr("class", "zoom").call(brush);
  }

  /** The whole period, small, with the window on it. */
  private drawStrip(plot: Group, y: number): void {
    const [first, last] = this.whole;
    const x = scaleUtc().domain([new Date(first / 1000), new Date(last / 1000)]).range([0, this.width]);
    const bins = new Uint32Array(Math.max(1, Math.floor(this.width / 3)));
    for (const finding of this.findings) {
      const at = this.store.time[finding] ?? Number.NaN;
      const bin = Math.floor(((at - first) / (last - first || 1)) * (bins.length - 1));
      if (bin >= 0) bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const most = Math.sqrt(Math.max(1, ...bins));
    let d = "";
    bins.forEach((n, i) => {
      const tall = n ? Math.max(1.5, (Math.sqrt(n) / most) * (STRIP - 4)) : 0;
      if (n) d += `M${i * 3} ${(y + STRIP - tall).toFixed(1)}h2.4v${tall.toFixed(1)}h-2.4z`;
    });
    plot.append("rect").attr("class", "strip").attr("y", y).attr("width", this.width).attr("height", STRIP);
    plot.append("path").attr("class", "strip-bars").attr("d", d);
    const brush = brushX<unknown>().extent([[0, y], [this.width, y + STRIP]]);
    const holder = plot.append("g").attr("class", "overview").call(brush);
    const [from, to] = this.window;
    if (to - from < last - first)
      holder.call(brush.move, [x(new Date(from / 1000)), x(new Date(to / 1000))]);
    brush.on("end", (event: { selection: [number, number] | null; sourceEvent: unknown }) => {
      if (!event.sourceEvent) return;
      if (!event.selection) this.go(first, last);
      else this.go(...(event.selection.map((at) => x.invert(at).getTime() * 1000) as [number, number]));
    });
  }

  private point(event: PointerEvent): void {
    const box = this.svg.getBoundingClientRect();
    const scale = (this.svg.viewBox.baseVal.width || box.width) / box.width;
    const labels = this.svg.viewBox.baseVal.width - this.width - EDGE;
    const px = (event.clientX - box.left) * scale - labels;
    const shown = this.lanes.filter((l) => l.harm || l.most);
    const py = (event.clientY - box.top) * scale;
    const lane = shown[Math.floor(py / LANE)];
    const bin = Math.floor((px / this.width) * this.bins);
    const count = lane && bin >= 0 && bin < this.bins ? this.inBin(lane, bin) : 0;
    const below = py - shown.length * LANE;
    const text = lane && count ? this.tipText(lane, bin, count)
      : below > 0 && below < 24 ? this.notableText(px) : [];
    this.tip.hidden = !text.length;
    if (!text.length) return;
    this.tip.replaceChildren(...text);
    const left = Math.min(Math.max(0, event.clientX - box.left + 14), Math.max(0, box.width - 300));
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${event.clientY - this.element.getBoundingClientRect().top + 16}px`;
  }

  private notableText(px: number): Node[] {
    const near = this.store.events
      .filter((event) => Math.abs(this.x(new Date(event.time / 1000)) - px) < 4).slice(0, 6);
    const line = (event: Notable): Node =>
      el("li", {}, `${time(event.time)} ${showLine(event.summary || event.what)}`);
    return near.length ? [el("ul", {}, ...near.map(line))] : [];
  }

  private tipText(lane: Lane, bin: number, count: number): Node[] {
    const [from, to] = this.window;
    const long = (to - from) / this.bins;
    const start = from + bin * long;
    const titles = new Map<string, number>();
    for (const finding of this.findings) {
      const at = this.store.time[finding] ?? Number.NaN;
      if (at < start || at >= start + long || this.store.harm[finding] !== lane.harm) continue;
      const title = this.store.ruleOf(finding).title;
      titles.set(title, (titles.get(title) ?? 0) + 1);
    }
    const top = [...titles].sort((a, b) => b[1] - a[1]).slice(0, 5)
      .map(([title, n]) => el("li", {}, `${showLine(title)}${n > 1 ? ` ×${number(n)}` : ""}`));
    return [el("b", {}, `${lane.title}: ${number(count)}`), el("p", {}, `${time(start)} to ${time(start + long)}`),
      el("ul", {}, ...top)];
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** As short as the instant is round: 2026, Mar 2026, 12 Mar, 18:00, 18:00:05, .250. */
function tickText(at: Date): string {
  const iso = at.toISOString();
  if (at.getUTCMilliseconds()) return iso.slice(19, 23);
  if (at.getUTCSeconds()) return iso.slice(11, 19);
  if (at.getUTCHours() || at.getUTCMinutes()) return iso.slice(11, 16);
  const month = MONTHS[at.getUTCMonth()] ?? "";
  if (at.getUTCDate() > 1) return `${at.getUTCDate()} ${month}`;
  return at.getUTCMonth() ? `${month} ${at.getUTCFullYear()}` : String(at.getUTCFullYear());
}

/** One record with a wrong clock must not squeeze all others into a line: begin where nearly all are. */
function mostOf(store: Store, whole: [number, number]): [number, number] {
  const times = store.time.filter((t) => !Number.isNaN(t)).sort();
  const from = times[Math.floor(times.length * 0.01)];
  const to = times[Math.floor((times.length - 1) * 0.99)];
  if (from === undefined || to === undefined || times.length < 20) return [...whole];
  const margin = Math.max((to - from) * 0.02, 60_000_000);
  if ((to - from + 2 * margin) * 10 > whole[1] - whole[0]) return [...whole];
  return [Math.max(whole[0], from - margin), Math.min(whole[1], to + margin)];
}

function extent(store: Store): [number, number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const take = (t: number): void => {
    if (t < first) first = t;
    if (t > last) last = t;
  };
  store.time.forEach(take);
  for (const event of store.events) take(event.time);
  if (first > last) return [0, 1];
  const margin = Math.max((last - first) * 0.01, 1_000_000);
  return [first - margin, last + margin];
}
