/** Server-sent events: bytes in, events out. */

/** `raw` is the frame as it came, without the empty line that ends it. */
export interface SseEvent {
  event: string;
  data: string;
  id: string | null;
  raw: string;
}

/** Reads a stream that may be cut anywhere. Lines end with LF, CRLF or CR; comments are dropped. */
export class SseParser {
  private decoder = new TextDecoder();
  private rest = "";
  private lines: string[] = [];
  private begun = false;

  feed(chunk: Uint8Array): SseEvent[] {
    return this.take(this.decoder.decode(chunk, { stream: true }), false);
  }

  /** What still stands there when the stream ends; an event without its empty line counts, since servers forget it. */
  finish(): SseEvent[] {
    const found = this.take(this.decoder.decode(), true);
    const last = this.dispatch();
    return last ? [...found, last] : found;
  }

  private take(text: string, ends: boolean): SseEvent[] {
    this.rest += text;
    if (!this.begun && this.rest) {
      this.begun = true;
      this.rest = this.rest.replace(/^\uFEFF/, "");
    }
    const found: SseEvent[] = [];
    for (let line = this.line(ends); line !== null; line = this.line(ends)) {
      const event = line === "" ? this.dispatch() : void this.lines.push(line);
      if (event) found.push(event);
    }
    return found;
  }

  /** The next whole line. A CR at the very end waits: an LF may follow it. */
  private line(ends: boolean): string | null {
    const at = this.rest.search(/[\r\n]/);
    if (at < 0) {
      if (!ends || !this.rest) return null;
      return this.cut(this.rest.length, 0);
    }
    if (this.rest[at] === "\n") return this.cut(at, 1);
    if (at + 1 === this.rest.length && !ends) return null;
    return this.cut(at, this.rest[at + 1] === "\n" ? 2 : 1);
  }

  private cut(length: number, end: number): string {
    const line = this.rest.slice(0, length);
    this.rest = this.rest.slice(length + end);
    return line;
  }

  private dispatch(): SseEvent | null {
    const fields = this.lines.filter((line) => !line.startsWith(":")).map(field);
    const raw = this.lines.join("\n");
    this.lines = [];
    const data = fields.filter(([name]) => name === "data");
    if (data.length === 0) return null;
    const last = (name: string) => fields.findLast(([found]) => found === name)?.[1];
    return { event: last("event") || "message", data: data.map(([, value]) => value).join("\n"), id: last("id") ?? null, raw };
  }
}

function field(line: string): [name: string, value: string] {
  const at = line.indexOf(":");
  if (at < 0) return [line, ""];
  return [line.slice(0, at), line.slice(line[at + 1] === " " ? at + 2 : at + 1)];
}

/** The events of an answer, as they come. Leaving the loop early ends the request. */
export async function* eventsOf(response: Response): AsyncGenerator<SseEvent, void, undefined> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const parser = new SseParser();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield* parser.feed(part.value);
    yield* parser.finish();
  } finally {
    await reader.cancel().catch(() => {});
  }
}
