// What the program packed into the page (src/report/html_data.c), as typed columns.

export const LEVELS = ["informational", "low", "medium", "high", "critical"] as const;
export const HARMS = ["none", "implant", "theft", "control", "destruction", "obstruction"] as const;
export const HARM_TITLES = ["Other", "Implant", "Theft", "Control", "Destruction", "Obstruction"] as const;

export interface Rule {
  engine: string;
  id: string;
  title: string;
  level: number;
  harm: number;
  techniques: [id: string, name: string][];
  file: string;
}

export interface Item {
  path: string;
  sha256: string;
  size: number | null;
  kind: string;
  fate: string;
  reason: string;
  /** Other places of the same content: the first of them. */
  copies: string[];
  copyTotal: number;
}

export interface Notable {
  time: number;
  what: string;
  summary: string;
  harm: number;
  host: number;
  user: number;
}

export interface Row {
  name: string;
  value: string;
  hex?: string;
  offset?: number;
}

/** What one finding saw. */
export interface Seen {
  time: string | null;
  last: string | null;
  offset: string | null;
  record: string | null;
  matched: Row[];
  detail: Row[];
}

interface RawHead {
  total: number;
  notable: number;
  chunk: number;
  rules: [string, string, string, number, number, [string, string][], string][];
  items: [string, string, number | null, string, string, string, string[], number][];
  findings: Record<"id" | "rule" | "item" | "host" | "user" | "time" | "count", (number | null)[]>;
  carriers: number[][];
  events: [number, string, string, number, number, number, string, number | null, number][];
  hosts: string[];
  users: string[];
}

type RawSeen = [string | null, string | null, string | null, string | null, Row[], Row[]];

export async function unpack(id: string): Promise<unknown> {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  const packed = atob(element.textContent ?? "");
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

const ints = (column: (number | null)[]): Int32Array => Int32Array.from(column, (n) => n ?? -1);

export class Store {
  readonly total: number;
  /** Notable events in the case; more than are drawn where there are very many. */
  readonly notable: number;
  readonly count: number;
  readonly rules: Rule[];
  readonly items: Item[];
  readonly hosts: string[];
  readonly users: string[];
  readonly events: Notable[];
  /** Index of a finding → what harm's answer it carries. */
  readonly carriers = new Map<number, number>();
  readonly ids: (number | null)[];
  readonly rule: Int32Array;
  readonly item: Int32Array;
  readonly host: Int32Array;
  readonly user: Int32Array;
  /** Microseconds; NaN where a finding has no time. */
  readonly time: Float64Array;
  readonly times: (number | null)[];
  readonly level: Uint8Array;
  readonly harm: Uint8Array;
  private readonly perChunk: number;
  private readonly chunks = new Map<number, Promise<Seen[]>>();

  private constructor(raw: RawHead) {
    const f = raw.findings;
    this.total = raw.total;
    this.notable = raw.notable;
    this.perChunk = raw.chunk;
    this.count = f.id.length;
    this.rules = raw.rules.map(([engine, id, title, level, harm, techniques, file]) => ({
      engine, id, title: title || id, level, harm, techniques, file,
    }));
    this.items = raw.items.map(([path, sha256, size, kind, fate, reason, copies, copyTotal]) => ({
      path, sha256, size, kind, fate, reason, copies, copyTotal,
    }));
    this.hosts = raw.hosts;
    this.users = raw.users;
    this.events = raw.events.map(([time, what, summary, harm, host, user]) => ({
      time, what, summary, harm, host, user,
    }));
    this.ids = f.id;
    this.rule = ints(f.rule);
    this.item = ints(f.item);
    this.host = ints(f.host);
    this.user = ints(f.user);
    this.time = Float64Array.from(f.time, (t) => t ?? Number.NaN);
    this.times = f.count;
    this.level = Uint8Array.from(this.rule, (rule) => this.rules[rule]?.level ?? 0);
    this.harm = Uint8Array.from(this.rule, (rule) => this.rules[rule]?.harm ?? 0);
    for (const [harm, ...findings] of raw.carriers)
      for (const finding of findings) this.carriers.set(finding, harm ?? 0);
  }

  static async open(): Promise<Store> {
    return new Store((await unpack("head-0")) as RawHead);
  }

  ruleOf(finding: number): Rule {
    const rule = this.rules[this.rule[finding] ?? -1];
    if (!rule) throw new Error(`finding ${finding} has no rule`);
    return rule;
  }

  itemOf(finding: number): Item | undefined {
    return this.items[this.item[finding] ?? -1];
  }

  hostOf(finding: number): string {
    return this.hosts[this.host[finding] ?? -1] ?? "";
  }

  userOf(finding: number): string {
    return this.users[this.user[finding] ?? -1] ?? "";
  }

  private chunk(number: number): Promise<Seen[]> {
    let chunk = this.chunks.get(number);
    if (!chunk) {
      chunk = unpack(`chunk-${number}`).then((rows) =>
        (rows as RawSeen[]).map(([time, last, offset, record, matched, detail]) => ({
          time, last, offset, record, matched, detail,
        })),
      );
      // A few stay unpacked; the rest is quick to unpack again.
      if (this.chunks.size > 8) this.chunks.clear();
      this.chunks.set(number, chunk);
    }
    return chunk;
  }

  async seen(finding: number): Promise<Seen | undefined> {
    const rows = await this.chunk(Math.floor(finding / this.perChunk));
    return rows[finding % this.perChunk];
  }

  /** Calls `each` for all findings, a chunk at a time, until `stop` says so. */
  async eachSeen(each: (finding: number, seen: Seen) => void, stop: () => boolean): Promise<void> {
    for (let from = 0; from < this.count && !stop(); from += this.perChunk) {
      const rows = await this.chunk(from / this.perChunk);
      rows.forEach((row, i) => each(from + i, row));
    }
  }
}
