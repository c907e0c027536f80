/** The little of Markdown that our own pages are written in: paragraphs, lists, tables, code, links. */

export type Block =
  | { kind: "paragraph"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "table"; head: string[]; rows: string[][] }
  | { kind: "code"; label: string; text: string };

/** A part of a line. */
export type Piece = { kind: "text" | "code"; text: string } | { kind: "link"; text: string; to: string };

const FENCE = "```";

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const end = line.startsWith(FENCE) ? fenceEnd(lines, at) : paragraphEnd(lines, at);
    blocks.push(blockOf(lines.slice(at, end)));
    at = end;
  }
  return blocks;
}

function fenceEnd(lines: readonly string[], at: number): number {
  const end = lines.indexOf(FENCE, at + 1);
  return end < 0 ? lines.length : end + 1;
}

function paragraphEnd(lines: readonly string[], at: number): number {
  const end = lines.findIndex((line, index) => index > at && (line.trim() === "" || line.startsWith(FENCE)));
  return end < 0 ? lines.length : end;
}

function blockOf(lines: readonly string[]): Block {
  const [first = ""] = lines;
  if (first.startsWith(FENCE)) return { kind: "code", label: first.slice(FENCE.length).trim(), text: lines.slice(1).filter((line) => line !== FENCE).join("\n") };
  if (first.startsWith("|")) {
    const [head = [], , ...rows] = lines.map(cellsOf);
    return { kind: "table", head, rows };
  }
  if (first.startsWith("- ")) return { kind: "list", items: itemsOf(lines) };
  return { kind: "paragraph", text: lines.join(" ") };
}

/** "| a | b |" -> ["a", "b"]; a bar after a backslash is one of the text. */
function cellsOf(line: string): string[] {
  return line.trim().slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function itemsOf(lines: readonly string[]): string[] {
  return lines.reduce<string[]>((items, line) => {
    const more = line.startsWith("- ") ? null : items.pop();
    return [...items, more == null ? line.slice(2) : `${more} ${line.trim()}`];
  }, []);
}

const PIECES = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > at) pieces.push({ kind: "text", text: text.slice(at, match.index) });
    const [whole, code, label = "", to = ""] = match;
    pieces.push(code === undefined ? { kind: "link", text: label, to } : { kind: "code", text: code });
    at = match.index + whole.length;
  }
  return at < text.length ? [...pieces, { kind: "text", text: text.slice(at) }] : pieces;
}
