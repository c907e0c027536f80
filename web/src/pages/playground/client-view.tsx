import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconCornerDownRight } from "@tabler/icons-react";
import { Link } from "react-router";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { CodeBlock, Facts, Foreign } from "~/ui";

import type { Exchange } from "./exchange";
import { messages } from "./messages";
import styles from "./playground.module.css";
import { ProblemView } from "./problem-view";
import { StateBadge } from "./state-badge";

/** The answer as a person reads it. */
export function ClientView({ exchange, onContinue }: { exchange: Exchange; onContinue: () => void }) {
  const t = useText(messages);
  const { heard, state } = exchange;
  const over = state === "done" || state === "stopped";
  return (
    <Stack gap="sm" align="stretch">
      <div aria-live="polite">
        <StateBadge exchange={exchange} />
      </div>
      {heard.reasoning && <Reasoning text={heard.reasoning} />}
      {heard.text && (
        // Scrolls, so the keyboard must reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={styles.answer} role="region" aria-label={t("answer")} tabIndex={0} dir="auto">
          {heard.text}
        </div>
      )}
      {heard.calls.map((call) => (
        <div key={call.key}>
          <Text size="xs" c="dimmed" mb={4}>
            {t("called")} <Foreign text={call.name} mono />
          </Text>
          <CodeBlock text={call.input || "{}"} label={t("callOf", { name: call.name })} wrap height={200} />
        </div>
      ))}
      {exchange.problem && <ProblemView problem={exchange.problem} />}
      <Figures exchange={exchange} />
      {over && heard.text && (
        <Group>
          <Button variant="default" leftSection={<IconCornerDownRight size={16} aria-hidden />} onClick={onContinue}>
            {t("continue")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Reasoning({ text }: { text: string }) {
  const t = useText(messages);
  return (
    <details className={styles.reasoning}>
      <summary>{t("reasoning")}</summary>
      <div dir="auto">{text}</div>
    </details>
  );
}

const SECOND_MS = 1000;

function Figures({ exchange }: { exchange: Exchange }) {
  const t = useText(messages);
  const { duration, number } = useFormat();
  const { session } = useSession();
  const { heard, firstMs, wholeMs, requestId, status } = exchange;
  const { usage } = heard;
  const writing = wholeMs !== null && firstMs !== null ? wholeMs - firstMs : 0;
  const speed = usage && exchange.draft.stream && writing > 0 ? usage.output / (writing / SECOND_MS) : null;
  const link = requestId && session ? <Anchor component={Link} to={`/requests/${encodeURIComponent(requestId)}`} size="sm">{requestId}</Anchor> : requestId;
  const header = (name: string) => exchange.answerHeaders.find(([found]) => found === name)?.[1];
  return (
    <Facts
      rows={[
        [t("status"), status === null ? null : String(status)],
        [t("finish"), heard.finish && <Foreign text={heard.finish} mono />],
        [t("firstToken"), firstMs === null ? null : duration(firstMs)],
        [t("whole"), wholeMs === null ? null : duration(wholeMs)],
        [t("speed"), speed === null ? null : t("perSecond", { value: number(Math.round(speed)) })],
        [t("usage"), usage && t("usageText", { input: number(usage.input), cached: number(usage.cached), output: number(usage.output) })],
        [t("servedBy"), served(header("x-headgate-model"), header("x-headgate-account"))],
        [t("dropped"), header("x-headgate-dropped") ? <Foreign text={header("x-headgate-dropped") ?? ""} mono lines={3} /> : null],
        [t("request"), link],
      ]}
    />
  );
}

function served(model: string | undefined, account: string | undefined) {
  return model ? <Foreign text={account ? `${model} · ${unescaped(account)}` : model} lines={2} /> : null;
}

/** Headers hold ASCII; what is not comes percent-encoded. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
