import { Anchor, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconHandStop, IconLoader2 } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Badge, Duration, Facts, Foreign, Panel } from "~/ui";

import { messages } from "./messages";
import styles from "./trial.module.css";
import type { Trial } from "./use-trial";

const MARKS = {
  idle: ["off", IconLoader2, "asking"],
  asking: ["accent", IconLoader2, "asking"],
  answering: ["accent", IconLoader2, "answering"],
  done: ["ok", IconCircleCheck, "works"],
  failed: ["bad", IconCircleX, "failed"],
  stopped: ["off", IconHandStop, "stopped"],
} as const;

/** How a test goes, or went. */
export function Outcome({ trial }: { trial: Trial }) {
  const t = useText(messages);
  const word = useCommon();
  const [tone, icon, name] = MARKS[trial.phase];
  const failed = trial.phase === "failed";
  return (
    <Panel>
      <div role="status" className={styles.mark}>
        <Badge tone={tone} icon={icon}>
          {t(name)}
        </Badge>
      </div>
      {failed && <Failure trial={trial} />}
      {trial.reasoning && (
        <Said label={t("thought")} dim>
          {trial.reasoning}
        </Said>
      )}
      {trial.text && <Said label={t("answer")}>{trial.text}</Said>}
      <Facts
        rows={[
          [word("model"), trial.model !== "" && <Foreign text={trial.model} mono />],
          [t("firstEvent"), trial.firstEventMs !== null && <Duration ms={trial.firstEventMs} />],
          [t("whole"), trial.durationMs !== null && <Duration ms={trial.durationMs} />],
          [t("httpStatus"), failed && (trial.status ?? t("noAnswer"))],
          [t("request"), trial.requestId !== null && <RequestLink id={trial.requestId} />],
        ]}
      />
    </Panel>
  );
}

function RequestLink({ id }: { id: string }) {
  return (
    <Anchor component={Link} to={`/requests/${encodeURIComponent(id)}`} ff="monospace" fz="inherit">
      {id}
    </Anchor>
  );
}

function Said({ label, dim = false, children }: { label: string; dim?: boolean; children: string }) {
  return (
    // Scrolls, so the keyboard must reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.said} data-dim={dim} role="region" aria-label={label} tabIndex={0}>
      <bdi>{children}</bdi>
    </div>
  );
}

/** What went wrong, and what to try. */
function Failure({ trial }: { trial: Trial }) {
  const t = useText(messages);
  const advice = adviceOf(trial);
  return (
    <div role="alert" className={styles.failure}>
      <Foreign text={trial.error?.message ?? ""} lines={6} />
      {advice && (
        <Text size="sm" c="dimmed">
          {t(advice)}
        </Text>
      )}
    </div>
  );
}

type Advice = Extract<keyof typeof messages.en, `try.${string}`>;
const known = (name: string): name is Advice => name in messages.en;

function adviceOf({ error, status }: Trial): Advice | null {
  const names = [`try.${error?.code}`, `try.${status}`, (status ?? 0) >= 500 ? "try.5xx" : ""];
  return names.find(known) ?? null;
}
