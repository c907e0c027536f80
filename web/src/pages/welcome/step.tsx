import { Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useText } from "~/i18n";

import { messages } from "./messages";
import styles from "./welcome.module.css";

export type StepState = "done" | "now" | "later";

interface StepProps {
  number: number;
  title: string;
  state: StepState;
  /** Beside the title, once it is done. */
  result?: ReactNode;
  children: ReactNode;
}

/** One step of the guide; what is later is not shown yet. */
export function Step({ number, title, state, result, children }: StepProps) {
  const t = useText(messages);
  return (
    <li className={styles.step} data-state={state} aria-current={state === "now" ? "step" : undefined}>
      <span className={styles.number} aria-hidden>
        {state === "done" ? <IconCheck size={18} stroke={2.2} /> : number}
      </span>
      <section className={styles.body} aria-label={title}>
        <div className={styles.head}>
          <Title order={2}>{title}</Title>
          <span className={styles.result}>{result ?? (state === "now" ? null : t(`step.${state}`))}</span>
        </div>
        {state !== "later" && children}
      </section>
    </li>
  );
}
