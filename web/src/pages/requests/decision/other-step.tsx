import { Text } from "@mantine/core";

import { type Text as Say, useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { CodeBlock } from "~/ui";

import type { Labels } from "../detail/labels";
import { messages } from "./messages";
import type { Claimed, Denied, Named, Refused, Step, Target, Unknown } from "./steps";
import { isolated, useWords } from "./words";

type T = Say<keyof typeof messages.en>;

/** Any step but a choice, in words. */
export function OtherStep({ step, labels }: { step: Step | Unknown; labels: Labels }) {
  const lines = useLines()(step as Step, labels);
  if (lines === null) return <CodeBlock label={step.step} text={JSON.stringify(step, null, 2)} wrap />;
  const [first, ...others] = lines;
  return (
    <>
      <div>{first}</div>
      {others.map((line) => (
        <Text key={line} component="div" size="xs" c="dimmed">
          {line}
        </Text>
      ))}
    </>
  );
}

/** Null: the step is not known here. */
function useLines(): (step: Step, labels: Labels) => string[] | null {
  const t = useText(messages);
  const words = useWords();
  const { duration, moment, locale } = useFormat();
  return (step, labels) => {
    const name = (id: string) => isolated(labels(id));
    switch (step.step) {
      case "named":
        return named(step, t, name);
      case "claimed":
        return [claimed(step, t, words.number, locale)];
      case "denied":
        return [denied(step, t, words, (id) => isolated(labels.key(id))), ...(step.retryAt ? [t("denied.until", { time: moment(step.retryAt, "full") })] : [])];
      case "spared":
        return [t("spared", { account: name(step.accountId) })];
      case "full":
        return [t("full", { account: name(step.accountId), count: step.inFlight })];
      case "waited":
        return [t("waited", { time: duration(step.seconds * 1000), count: step.behind })];
      case "renewed":
        return [t(step.ok ? "renewed.yes" : "renewed.no", { account: name(step.accountId), time: duration(step.seconds * 1000) })];
      case "refused":
        return refused(step, t, words.reason);
      default:
        return null;
    }
  };
}

function named(step: Named, t: T, name: (id: string) => string): string[] {
  const target = ({ kind, model, accountIds }: Target) => {
    const what = isolated(`${kind}/${model}`);
    return accountIds.length > 0 ? t("named.at", { target: what, accounts: accountIds.map(name).join(t("named.or")) }) : what;
  };
  // A record of an earlier release has the model only.
  const [first = isolated(step.model), ...others] = (step.targets ?? []).map(target);
  const only = step.accountId ? name(step.accountId) : step.kind;
  const limits = [step.route && t("named.route", { route: isolated(step.route) }), only && t("named.only", { only })].filter(Boolean);
  return [[t("named", { written: isolated(step.written), target: first }), ...limits].join(", "), ...others.map((other) => t("named.else", { target: other }))];
}

function claimed(step: Claimed, t: T, number: (value: number) => string, locale: string): string {
  // What the gateway asks of itself is no request of the key's.
  const amounts = [
    ...(step.requests > 0 ? [t("claimed.requests", { count: step.requests })] : []),
    t("claimed.tokens", { amount: number(step.tokens) }),
    t("claimed.credits", { amount: number(step.credits) }),
  ];
  return t("claimed", { amounts: new Intl.ListFormat(locale, { type: "conjunction" }).format(amounts) });
}

function denied(step: Denied, t: T, words: ReturnType<typeof useWords>, payerOf: (id: string) => string): string {
  const payer = step.payerId === "installation" ? t("denied.installation") : payerOf(step.payerId);
  return t("denied", { what: words.limit(step), payer, left: words.number(step.left), limit: words.number(step.limit) });
}

function refused(step: Refused, t: T, reason: (code: string) => string): string[] {
  return [t("refused", { reason: reason(step.reason) }), ...(step.message ? [isolated(step.message)] : [])];
}
