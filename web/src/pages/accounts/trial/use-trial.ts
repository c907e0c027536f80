/** Trying an account out: what comes of it, as it comes. */

import { useEffect, useRef, useState } from "react";

import { asApiError, send } from "~/api/client";
import { eventsOf, type SseEvent } from "~/api/sse";

export interface Trial {
  phase: "idle" | "asking" | "answering" | "done" | "failed" | "stopped";
  model: string;
  requestId: string | null;
  text: string;
  reasoning: string;
  durationMs: number | null;
  firstEventMs: number | null;
  /** Of the answer; null: there was none. */
  status: number | null;
  error: { code: string; message: string } | null;
}

export const IDLE: Trial = {
  phase: "idle", model: "", requestId: null, text: "", reasoning: "", durationMs: null, firstEventMs: null, status: null, error: null,
};

type Told = Partial<Omit<Trial, "phase" | "error">> & { code?: string; message?: string };

/** The trial after an event of its stream. */
export function heard(before: Trial, { event, data }: Pick<SseEvent, "event" | "data">): Trial {
  const told = JSON.parse(data) as Told;
  if (event === "text") return { ...before, phase: "answering", text: before.text + (told.text ?? "") };
  if (event === "reasoning") return { ...before, phase: "answering", reasoning: before.reasoning + (told.text ?? "") };
  if (event === "started") return { ...before, model: told.model ?? "", requestId: told.requestId ?? null };
  if (event === "done") return { ...before, ...told, phase: "done" };
  if (event !== "failed") return before;
  const requestId = told.requestId ?? before.requestId;
  return { ...before, phase: "failed", requestId, status: told.status ?? null, error: { code: told.code ?? "", message: told.message ?? "" } };
}

const ended = ({ phase }: Trial) => phase === "done" || phase === "failed";
const CUT = { code: "answer_cut", message: "the answer of the control plane broke off" };

/** `run(model)` begins anew; an empty model leaves the choice to the server. Leaving ends what is under way. */
export function useTrial(accountId: string) {
  const [trial, setTrial] = useState(IDLE);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), [accountId]);

  const run = async (model: string) => {
    abort.current?.abort();
    const control = new AbortController();
    abort.current = control;
    let now: Trial = { ...IDLE, phase: "asking" };
    const tell = (next: Trial) => {
      now = next;
      if (abort.current === control) setTrial(next);
    };
    tell(now);
    try {
      const path = `/api/accounts/${encodeURIComponent(accountId)}/test`;
      const response = await send("POST", path, { body: model ? { model } : {}, signal: control.signal });
      for await (const event of eventsOf(response)) tell(heard(now, event));
      if (!ended(now)) tell({ ...now, phase: "failed", error: CUT });
    } catch (error) {
      if (control.signal.aborted) return tell({ ...now, phase: "stopped" });
      const { code, message } = asApiError(error);
      tell({ ...now, phase: "failed", error: { code, message } });
    }
  };
  return { trial, run, stop: () => abort.current?.abort() };
}
