/** One short request to the data plane, its answer as it comes. */

import { useEffect, useRef, useState } from "react";

import { ApiError } from "~/api/client";
import { eventsOf, gateway } from "~/api/gateway";

/** Times in ms since it was sent; null: not yet. */
export interface Trial {
  state: "waiting" | "answering" | "done" | "stopped" | "failed";
  text: string;
  firstMs: number | null;
  wholeMs: number | null;
  requestId: string | null;
  error: unknown;
}

export interface Asked {
  apiKey: string;
  model: string;
  question: string;
}

const BEGUN: Trial = { state: "waiting", text: "", firstMs: null, wholeMs: null, requestId: null, error: null };

interface Chunk {
  choices?: { delta?: { content?: string | null } }[];
  error?: { message?: string };
}

interface Hearing {
  begun: (requestId: string | null) => void;
  text: (piece: string) => void;
}

/** Throws an ApiError when it is refused or breaks off. */
async function ask({ apiKey, model, question }: Asked, signal: AbortSignal, hearing: Hearing): Promise<void> {
  const body = { model, stream: true, max_tokens: 200, messages: [{ role: "user", content: question }] };
  const response = await gateway("/v1/chat/completions", { key: apiKey, body, signal });
  hearing.begun(response.headers.get("x-request-id"));
  try {
    await hear(response, hearing);
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0, "broken", String(error));
  }
}

/** Without its last word an answer is not whole, however cleanly the connection ended. */
async function hear(response: Response, { text }: Hearing): Promise<void> {
  for await (const { data } of eventsOf(response)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw new ApiError(0, "broken", chunk.error.message ?? "");
    const piece = chunk.choices?.[0]?.delta?.content;
    if (piece) text(piece);
  }
  throw new ApiError(0, "broken", "the answer broke off");
}

/** `send` begins a request, `stop` and leaving the page end it. */
export function useTrial() {
  const [trial, setTrial] = useState<Trial | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const send = async (asked: Asked) => {
    const control = new AbortController();
    running.current?.abort();
    running.current = control;
    const began = performance.now();
    const change = (make: (before: Trial) => Trial) => {
      if (running.current === control) setTrial((before) => make(before ?? BEGUN));
    };
    setTrial(BEGUN);
    try {
      await ask(asked, control.signal, {
        begun: (requestId) => change((before) => ({ ...before, requestId })),
        text: (piece) => {
          const firstMs = performance.now() - began;
          change((before) => ({ ...before, state: "answering", text: before.text + piece, firstMs: before.firstMs ?? firstMs }));
        },
      });
      change((before) => ({ ...before, state: "done", wholeMs: performance.now() - began }));
    } catch (error) {
      change((before) => ({ ...before, state: control.signal.aborted ? "stopped" : "failed", error }));
    }
  };
  return { trial, send, stop: () => running.current?.abort() };
}
