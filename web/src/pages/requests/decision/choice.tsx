import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Badge } from "~/ui";

import type { Labels } from "../detail/labels";
import { Exclusions, Scores } from "./candidates";
import { messages } from "./messages";
import type { Chose } from "./steps";
import { isolated, useWords } from "./words";

interface ChoiceStepProps {
  step: Chose;
  /** The choice made again from the record. */
  again: Schema<"Reproduced"> | undefined;
  labels: Labels;
}

/** Who was chosen from whom, and why; or why nobody. */
export function ChoiceStep({ step, again, labels }: ChoiceStepProps) {
  const t = useText(messages);
  return (
    <>
      <div>{useHeadline()(step, labels)}</div>
      <Text component="div" size="xs" c="dimmed">
        {t("chose.how", { mode: step.mode, count: step.candidates.length, seed: step.seed, revision: step.revision })}
      </Text>
      {again && <Again again={again} labels={labels} />}
      <Scores step={step} labels={labels} />
      <Exclusions step={step} labels={labels} />
    </>
  );
}

function useHeadline(): (step: Chose, labels: Labels) => string {
  const t = useText(messages);
  const words = useWords();
  const { moment } = useFormat();
  return ({ wish, accountId, probes, healing, reason, retryAt }, labels) => {
    const model = isolated(wish.kind ? `${wish.kind}/${wish.model}` : wish.model);
    if (accountId !== null) {
      const said = t("chose", { account: isolated(labels(accountId)), model });
      return probes.length > 0 || healing ? `${said}, ${t("chose.trial")}` : said;
    }
    const said = t("chose.nobody", { model, reason: words.lack(reason ?? "") });
    return retryAt ? `${said}, ${t("chose.until", { time: moment(retryAt, "full") })}` : said;
  };
}

function Again({ again, labels }: { again: Schema<"Reproduced">; labels: Labels }) {
  const t = useText(messages);
  const words = useWords();
  if (again.same) {
    return (
      <Badge tone="ok" icon={IconCircleCheck}>
        {t("same")}
      </Badge>
    );
  }
  const said = (result: string) => isolated(words.lack(labels(result)));
  return (
    <Badge tone="warn" icon={IconAlertTriangle}>
      {t("different", { recomputed: said(again.recomputed), recorded: said(again.recorded) })}
    </Badge>
  );
}
