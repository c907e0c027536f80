import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconPlayerStop, IconSend } from "@tabler/icons-react";
import { Link } from "react-router";

import { ApiError, asApiError } from "~/api/client";
import { gatewayUrl } from "~/api/gateway";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { Badge } from "../badges";
import { ErrorState } from "../states";
import { type Trial, useTrial } from "./asking";
import styles from "./client-settings.module.css";
import { messages } from "./messages";

/** Sends one short request from this browser with the key, and shows the answer as it comes. */
export function TestRequest({ apiKey, model }: { apiKey: string; model: string }) {
  const t = useText(messages);
  const { trial, send, stop } = useTrial();
  const busy = trial?.state === "waiting" || trial?.state === "answering";
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
          loading={busy}
          onClick={() => void send({ apiKey, model, question: t("question") })}
        >
          {trial ? t("again") : t("test")}
        </Button>
        {busy && (
          <Button variant="subtle" color="gray" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={stop}>
            {t("stop")}
          </Button>
        )}
      </Group>
      {trial && <Answer trial={trial} />}
    </Stack>
  );
}

function Answer({ trial }: { trial: Trial }) {
  const t = useText(messages);
  const shown = trial.text || (trial.state === "waiting" ? t("waiting") : "");
  return (
    <>
      {shown && (
        // Scrolls, so the keyboard must reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={styles.answer} role="region" aria-label={t("answer")} tabIndex={0} dir="auto">
          {shown}
        </div>
      )}
      <div aria-live="polite">
        <Outcome trial={trial} />
      </div>
    </>
  );
}

function Outcome({ trial }: { trial: Trial }) {
  const t = useText(messages);
  const { duration } = useFormat();
  const { session } = useSession();
  if (trial.state === "failed") {
    const away = asApiError(trial.error).code === "unreachable";
    const error = away ? new ApiError(0, "gateway_away", t("unreachable", { address: gatewayUrl() })) : trial.error;
    return <ErrorState title={t("failed")} error={error} />;
  }
  if (trial.state === "stopped") return <Text size="sm">{t("stopped")}</Text>;
  if (trial.state !== "done") return null;
  const times = { first: duration(trial.firstMs ?? 0), whole: duration(trial.wholeMs ?? 0) };
  return (
    <Group gap="sm">
      <Badge tone={trial.text ? "ok" : "warn"} icon={IconCircleCheck}>
        {trial.text ? t("works", times) : t("empty")}
      </Badge>
      {session && trial.requestId && (
        <Anchor component={Link} to={`/requests/${encodeURIComponent(trial.requestId)}`} size="sm">
          {t("seeRequest")}
        </Anchor>
      )}
    </Group>
  );
}
