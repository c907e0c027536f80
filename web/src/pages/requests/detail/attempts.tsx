import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconHandStop } from "@tabler/icons-react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { Badge, Facts, Foreign } from "~/ui";

import { useWords } from "../decision/words";
import styles from "./detail.module.css";
import type { Labels } from "./labels";
import { messages } from "./messages";

type Attempt = Schema<"AttemptRead">;
type Ending = Schema<"Ending">;

/** Each try at an account: what became of it, and what it taught. */
export function Attempts({ request, labels }: { request: Schema<"RequestDetail">; labels: Labels }) {
  const t = useText(messages);
  if (request.attempts.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("attempts.none")}
      </Text>
    );
  }
  return (
    <ol className={styles.attempts}>
      {request.attempts.map((attempt, place) => (
        <li key={place}>
          <AttemptCard attempt={attempt} name={t("attempt", { number: place + 1, account: labels(attempt.accountId) })} ending={request.ending} />
        </li>
      ))}
    </ol>
  );
}

function AttemptCard({ attempt, name, ending }: { attempt: Attempt; name: string; ending: Ending }) {
  const t = useText(messages);
  const common = useCommon();
  const { duration, number } = useFormat();
  const exact = (ms: number) => `${number(ms)} ms`;
  return (
    <>
      <Group gap="sm" wrap="wrap" mb={4}>
        <Text component="div" size="sm" fw={600} maw="100%">
          <Foreign text={name} lines={2} />
        </Text>
        <Became attempt={attempt} ending={ending} />
        <Text component="span" size="xs" c="dimmed">
          {t("attempt.span", { start: exact(attempt.startedMs), end: exact(attempt.endedMs) })}
        </Text>
      </Group>
      <Facts
        rows={[
          [common("model"), <Foreign key="model" text={`${attempt.kind}/${attempt.model}`} lines={3} mono />],
          [t("attempt.detail"), attempt.detail !== "" && <Foreign key="detail" text={attempt.detail} lines={8} />],
          [t("attempt.retry"), attempt.retryAfter !== null && duration(attempt.retryAfter * 1000)],
          [t("attempt.by"), attempt.endpoint !== "" && <Foreign key="endpoint" text={attempt.endpoint} lines={3} mono />],
          [t("attempt.not"), attempt.endpoints.length > 0 && <Silent key="endpoints" places={attempt.endpoints} />],
          ...Object.entries(attempt.learned).map(([fact, value]) => [t("attempt.learned", { name: fact }), <Foreign key={fact} text={value} lines={3} mono />] as const),
        ]}
      />
    </>
  );
}

function Silent({ places }: { places: Attempt["endpoints"] }) {
  const words = useWords();
  return places.map((place) => (
    <div key={place.url} className={styles.silent}>
      <Foreign text={place.url} lines={3} mono /> {words.fault(place.fault)}
    </div>
  ));
}

/** Only a request's last attempt is without a fault: what became of the one became of the other. */
function Became({ attempt, ending }: { attempt: Attempt; ending: Ending }) {
  const t = useText(messages);
  const words = useWords();
  const status = attempt.status > 0 ? `, ${t("attempt.status", { status: attempt.status })}` : "";
  if (attempt.fault) {
    return (
      <Badge tone="bad" icon={IconAlertTriangle}>
        {words.fault(attempt.fault) + status}
      </Badge>
    );
  }
  if (attempt.status > 0) {
    return (
      <Badge tone="ok" icon={IconCircleCheck}>
        {t(ending === "served" ? "attempt.served" : "attempt.answered") + status}
      </Badge>
    );
  }
  return (
    <Badge tone="off" icon={IconHandStop}>
      {t(ending === "cancelled" ? "attempt.left" : "attempt.unsent")}
    </Badge>
  );
}
