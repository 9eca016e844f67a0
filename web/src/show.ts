// Text from evidence as it may be shown: what could deceive the eye or a copy becomes visible.
// The same characters as escape_is_unsafe in src/codec/escape.c, but for line end and tab.

const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

export function show(text: string): string {
  return text.replace(unsafe, visible);
}

/** On one line. */
export function showLine(text: string): string {
  return show(text).replace(/[\n\t]+/g, " ");
}

export function number(n: number): string {
  return n.toLocaleString("en-GB");
}

/** "2026-03-12 22:55:00" of microseconds. */
export function time(micros: number): string {
  const date = new Date(micros / 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 19).replace("T", " ");
}

/** "4.3 MB", as the program writes it (src/report/words.c). */
export function bytes(n: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
  let unit = 0;
  while (n >= 999.95 && unit + 1 < units.length) {
    n /= 1000;
    unit++;
  }
  return `${n.toFixed(unit ? 1 : 0)} ${units[unit]}`;
}
