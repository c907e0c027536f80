import { Anchor, Loader } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import type { Schema } from "~/api/client";
import { useEvent } from "~/api/events";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Badge, Foreign } from "~/ui";

import { messages } from "./messages";
import styles from "./welcome.module.css";

type Row = Schema<"RequestRead">;

const SHOWN = 3;

/** Requests as they end, from here or from the visitor's own client; of one key where it is known which. */
export function Arrivals({ keyId, served }: { keyId?: string; served: () => void }) {
  const t = useText(messages);
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEvent("request", (row) => {
    if (row.cause !== null || (keyId && row.keyId !== keyId)) return;
    setRows((before) => [row, ...before].slice(0, SHOWN));
    if (row.ending === "served") served();
  });
  return (
    <section className={styles.arrivals} aria-label={t("arrival.title")} aria-live="polite">
      {rows.length === 0 ? (
        <span className={styles.busy}>
          <Loader size={14} color="var(--accent)" type="dots" /> {t("arrival.waiting")}
        </span>
      ) : (
        rows.map((row) => <Arrival key={row.requestId} row={row} />)
      )}
    </section>
  );
}

function Arrival({ row }: { row: Row }) {
  const t = useText(messages);
  const { duration } = useFormat();
  const good = row.ending === "served";
  const label = row.accountLabel;
  return (
    <div className={styles.arrival}>
      <Badge tone={good ? "ok" : "bad"} icon={good ? IconCircleCheck : IconCircleX}>
        {good ? t("arrival.works") : t("arrival.failed")}
      </Badge>
      <div className={styles.arrivalText}>
        <Foreign lines={2} text={good ? t("arrival.worksText", { model: row.model ?? row.askedModel, time: duration(row.durationMs) }) : (row.error ?? String(row.status))} />
        {label && <Foreign text={t("arrival.account", { label })} />}
      </div>
      <Anchor component={Link} to={`/requests/${encodeURIComponent(row.requestId)}`} size="sm">
        {t("arrival.see")}
      </Anchor>
    </div>
  );
}
