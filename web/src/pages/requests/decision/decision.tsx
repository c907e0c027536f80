import { Text } from "@mantine/core";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";

import type { Labels } from "../detail/labels";
import { ChoiceStep } from "./choice";
import styles from "./decision.module.css";
import { messages } from "./messages";
import { OtherStep } from "./other-step";
import { type Chose, stepsOf } from "./steps";

interface DecisionProps {
  decision: Schema<"RequestDetail">["decision"];
  reproduced: readonly Schema<"Reproduced">[];
  labels: Labels;
}

/** Step by step how a request was admitted. */
export function Decision({ decision, reproduced, labels }: DecisionProps) {
  const t = useText(messages);
  if (decision.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("none")}
      </Text>
    );
  }
  let choices = 0;
  return (
    <ol className={styles.steps}>
      {stepsOf(decision).map((step, place) => (
        <li key={place}>
          {step.step === "chose" ? (
            <ChoiceStep step={step as Chose} again={reproduced[choices++]} labels={labels} />
          ) : (
            <OtherStep step={step} labels={labels} />
          )}
        </li>
      ))}
    </ol>
  );
}
