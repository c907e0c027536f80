import { Text } from "@mantine/core";

import type { Schema } from "~/api/client";
import { type Text as Say, useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { found, stepsOf } from "../decision/steps";
import { isolated, useWords } from "../decision/words";
import { useCredits } from "../figures";
import type { Labels } from "./labels";
import { messages } from "./messages";

type Request = Schema<"RequestDetail">;

interface Speech {
  t: Say<keyof typeof messages.en>;
  words: ReturnType<typeof useWords>;
  format: ReturnType<typeof useFormat>;
  credits: (value: number) => string;
  labels: Labels;
}

/** What happened, where, why, and what it cost, for who reads nothing else. */
export function Sentence({ request, labels }: { request: Request; labels: Labels }) {
  const t = useText(messages);
  const speech = { t, words: useWords(), format: useFormat(), credits: useCredits(), labels };
  const parts = [asked(request, speech), ended(request, speech), before(request, speech), waited(request, speech), shortened(request, speech), cost(request, speech)];
  return (
    <Text component="p" mt={0} mb="md" size="md" role="note" aria-label={t("summary")} style={{ overflowWrap: "anywhere" }}>
      {parts.filter(Boolean).join(speech.format.locale.startsWith("zh") ? "" : " ")}
    </Text>
  );
}

/** A name of hundreds of characters is told in full below. */
const LONGEST = 80;
const short = (text: string): string => isolated(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const listed = (texts: readonly string[], locale: string): string => new Intl.ListFormat(locale, { type: "conjunction" }).format(texts);

function asked({ askedModel, keyId, cause }: Request, { t, labels }: Speech): string {
  const said = { key: short(labels.key(keyId)), model: askedModel === "" ? t("say.noModel") : short(askedModel) };
  return cause === null ? t("say.asked", said) : t("say.caused", { ...said, cause: isolated(cause) });
}

function ended(request: Request, speech: Speech): string {
  const { t, words, format, labels } = speech;
  const last = request.attempts.at(-1);
  const time = format.duration(request.durationMs);
  const account = last ? short(labels(last.accountId)) : "";
  const fault = last?.fault ? words.fault(last.fault) : request.error ? isolated(request.error) : t("say.unknown");
  switch (request.ending) {
    case "served": {
      const said = { account, served: short(`${request.kind ?? ""}/${request.model ?? ""}`), time };
      return request.firstEventMs === null ? t("say.served", said) : t("say.servedFirst", { ...said, first: format.duration(request.firstEventMs) });
    }
    case "cut":
      return t("say.cut", { account, time, fault });
    case "cancelled":
      return last ? t("say.cancelled", { account, time }) : t("say.cancelledEarly", { time });
    case "failed":
      return last ? t("say.failed", { status: request.status, count: request.attempts.length, account, fault }) : unadmitted(request, speech);
  }
}

/** Why no account was asked: a limit, a refusal, or something wrong with the request. */
function unadmitted({ decision, status, error }: Request, { t, words }: Speech): string {
  const steps = stepsOf(decision);
  const denied = found(steps, "denied");
  if (denied) return t("say.denied", { status, limit: words.number(denied.limit), what: words.limit(denied) });
  const refused = found(steps, "refused");
  if (refused) return t("say.refused", { status, why: words.reason(refused.reason) });
  return t("say.failedHere", { status, why: error ? isolated(error) : t("say.unknown") });
}

/** Attempts that came to nothing before the last one. */
function before({ attempts }: Request, { t, words, labels, format }: Speech): string {
  const failed = attempts.slice(0, -1).filter(({ fault }) => fault);
  if (failed.length === 0) return "";
  const list = failed.map(({ accountId, fault }) => t("say.try", { account: short(labels(accountId)), fault: words.fault(fault) }));
  return t("say.before", { count: failed.length, list: listed(list, format.locale) });
}

function waited({ decision }: Request, { t, format }: Speech): string {
  const seconds = stepsOf(decision).reduce((sum, step) => sum + (step.step === "waited" ? Number(step.seconds) : 0), 0);
  return seconds > 0 ? t("say.waited", { time: format.duration(seconds * 1000) }) : "";
}

function shortened({ compression }: Request, { t, format }: Speech): string {
  return compression !== null && compression.replacedTurns > 0 ? t("say.shortened", { tokens: format.tokens(compression.savedTokens) }) : "";
}

function cost({ cost: money, usage }: Request, { t, format, credits }: Speech): string {
  if (usage.credits > 0) return t("say.costCredits", { cost: format.money(money), credits: credits(usage.credits) });
  return money > 0 ? t("say.cost", { cost: format.money(money) }) : t("say.free");
}
