import { describe, expect, it } from "vitest";

import { eventsOf, type SseEvent, SseParser } from "./sse";

const TEXT = [
  "\uFEFF: hello\n\n",
  "event: text\ndata: {\"text\":\"grüße 你好 🙂\"}\n\n",
  "data: one\r\ndata:two\r\nid: 7\r\n\r\n",
  ": only a comment\r\r",
  "event: nothing\n\n",
  "data\rid\r\r",
  "data: [DONE]",
].join("");

const EXPECTED = [
  { event: "text", data: '{"text":"grüße 你好 🙂"}', id: null },
  { event: "message", data: "one\ntwo", id: "7" },
  { event: "message", data: "", id: "" },
  { event: "message", data: "[DONE]", id: null },
];

const bytes = new TextEncoder().encode(TEXT);
const plain = (events: SseEvent[]) => events.map(({ event, data, id }) => ({ event, data, id }));

function parsed(parts: Uint8Array[]): SseEvent[] {
  const parser = new SseParser();
  return [...parts.flatMap((part) => parser.feed(part)), ...parser.finish()];
}

describe("SseParser", () => {
  it("reads a whole stream", () => {
    expect(plain(parsed([bytes]))).toEqual(EXPECTED);
  });

  it("reads it cut anywhere, also within a letter", () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(plain(parsed([bytes.slice(0, at), bytes.slice(at)])), `cut at ${at}`).toEqual(EXPECTED);
    }
  });

  it("reads it byte by byte", () => {
    expect(plain(parsed([...bytes].map((byte) => Uint8Array.of(byte))))).toEqual(EXPECTED);
  });

  it("keeps the frame as it came", () => {
    const [event] = parsed([new TextEncoder().encode(": note\nevent: a\ndata: b\n\n")]);
    expect(event?.raw).toBe(": note\nevent: a\ndata: b");
  });

  it("gives an event as soon as its empty line is there", () => {
    const parser = new SseParser();
    expect(parser.feed(new TextEncoder().encode("data: now\n"))).toEqual([]);
    expect(parser.feed(new TextEncoder().encode("\n"))).toHaveLength(1);
  });
});

describe("eventsOf", () => {
  it("ends the request when the reader leaves early", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
      cancel: () => void (cancelled = true),
    });
    for await (const event of eventsOf(new Response(body))) {
      expect(event.data).toBe("x");
      break;
    }
    expect(cancelled).toBe(true);
  });
});
