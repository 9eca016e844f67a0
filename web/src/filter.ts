// Which findings are wanted. Names repeat, so text is looked for in names, not in findings.

import { LEVELS, HARMS, type Store } from "./data.ts";

export interface Wanted {
  levels: boolean[];
  harms: boolean[];
  host: number;
  text: string;
  /** Microseconds. */
  from: number;
  to: number;
  order: "weight" | "time";
}

export function everything(): Wanted {
  return {
    levels: LEVELS.map(() => true),
    harms: HARMS.map(() => true),
    host: -1,
    text: "",
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    order: "weight",
  };
}

interface Haystacks {
  rules: string[];
  items: string[];
  hosts: string[];
  users: string[];
}

export class Filter {
  private readonly hay: Haystacks;
  private readonly byTime: Uint32Array;

  constructor(private readonly store: Store) {
    const low = (text: string): string => text.toLowerCase();
    this.hay = {
      rules: store.rules.map((rule) =>
        low([rule.title, rule.id, rule.file, ...rule.techniques.flat()].join(" "))),
      items: store.items.map((item) => low([item.path, item.sha256, ...item.copies].join(" "))),
      hosts: store.hosts.map(low),
      users: store.users.map(low),
    };
    this.byTime = Uint32Array.from({ length: store.count }, (_, i) => i).sort((a, b) => {
      const x = store.time[a] ?? Number.NaN;
      const y = store.time[b] ?? Number.NaN;
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return x - y || a - b;
    });
  }

  /** One predicate a word of the text; all must hold. */
  private words(text: string, alsoIn?: (word: string) => Uint8Array | undefined) {
    return text.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      const has = (hay: string): boolean => hay.includes(word);
      return {
        rules: this.hay.rules.map(has),
        items: this.hay.items.map(has),
        hosts: this.hay.hosts.map(has),
        users: this.hay.users.map(has),
        deep: alsoIn?.(word),
      };
    });
  }

  /** Findings that fit all but the period, in order; and those that fit the period too. */
  apply(wanted: Wanted, deep?: (word: string) => Uint8Array | undefined) {
    const { store } = this;
    const words = this.words(wanted.text, deep);
    const anyTime: number[] = [];
    const inTime: number[] = [];
    const unbounded = wanted.from === Number.NEGATIVE_INFINITY && wanted.to === Number.POSITIVE_INFINITY;

    for (let i = 0; i < store.count; i++) {
      const finding = wanted.order === "time" ? (this.byTime[i] ?? 0) : i;
      const host = store.host[finding] ?? -1;
      if (!wanted.levels[store.level[finding] ?? 0] || !wanted.harms[store.harm[finding] ?? 0]) continue;
      if (wanted.host >= 0 && host !== wanted.host) continue;
      const fits = words.every((word) =>
        word.rules[store.rule[finding] ?? -1] || word.items[store.item[finding] ?? -1] ||
        word.hosts[host] || word.users[store.user[finding] ?? -1] || word.deep?.[finding]);
      if (!fits) continue;
      anyTime.push(finding);
      const time = store.time[finding] ?? Number.NaN;
      if (unbounded || (time >= wanted.from && time <= wanted.to)) inTime.push(finding);
    }
    return { anyTime, inTime };
  }
}
