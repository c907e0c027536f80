import { Alert, Stack, Text } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";

import { useText } from "~/i18n";

import { Bar } from "../bar";
import { Countdown } from "../figures";
import { useNow } from "../now";
import { loadTone } from "../tone";
import { useAmounts } from "./amounts";
import styles from "./key-usage.module.css";
import { messages } from "./messages";
import { limited, share, unlimited, UNITS, type Usage, type Window } from "./windows";

/** Every limit of a key with what is used, reserved and left, the tightest first; then what is only counted. */
export function LimitList({ usage }: { usage: Usage | null }) {
  const t = useText(messages);
  const amounts = useAmounts();
  const now = useNow();
  if (!usage) {
    return (
      <Alert color="yellow" icon={<IconPlugConnectedX size={18} />}>
        {t("away")}
      </Alert>
    );
  }
  const capped = limited(usage, now);
  const counted = unlimited(usage, now);
  return (
    <Stack gap="sm">
      {capped.length === 0 && <Text size="sm">{t("noLimits")}</Text>}
      {capped.length > 0 && (
        <ul className={styles.limits}>
          {capped.map((window) => (
            <LimitRow key={window.name} window={window} />
          ))}
        </ul>
      )}
      <Overrun usage={usage} />
      {counted.length > 0 && (
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            {t("without")}
          </Text>
          <dl className={styles.counted}>
            {counted.map(({ name, unit, leaf }) => (
              <div key={name}>
                <dt>{t(name)}</dt>
                <dd>{amounts(unit)(leaf.used)}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </Stack>
  );
}

function LimitRow({ window: { name, unit, leaf } }: { window: Window }) {
  const t = useText(messages);
  const write = useAmounts()(unit);
  const { used, reserved, standby, limit, left, resetsAt } = leaf;
  const parts = [t("used", { value: write(used) }), reserved > 0 && t("reserved", { value: write(reserved) })].filter(Boolean);
  return (
    <li className={styles.limit}>
      <div className={styles.limitHead}>
        <span className={styles.limitName}>{t(name)}</span>
        <span>{t("left", { left: write(left ?? 0), limit: write(limit ?? 0) })}</span>
      </div>
      <Bar used={used} reserved={reserved + standby} limit={limit ?? 0} label={t(name)} format={write} tone={loadTone(share(leaf) ?? 0)} />
      <div className={styles.limitFoot}>
        <span>
          {parts.join(" · ")}
          {standby > 0 && <span title={t("standbyHint")}> · {t("standby", { value: write(standby) })}</span>}
        </span>
        {resetsAt && used > 0 && (
          <span>
            {t(name.endsWith(".minute") ? "refills" : "resets")} <Countdown until={resetsAt} />
          </span>
        )}
      </div>
    </li>
  );
}

/** Rare: an answer came out longer than anybody could foresee. */
function Overrun({ usage }: { usage: Usage }) {
  const t = useText(messages);
  const amounts = useAmounts();
  const over = UNITS.filter((unit) => usage.overrun[unit] > 0);
  if (over.length === 0) return null;
  const what = over.map((unit) => `${t(`${unit}.total`)} ${amounts(unit)(usage.overrun[unit])}`).join(", ");
  return (
    <Text size="xs" c="dimmed">
      {t("overrun", { what })}
    </Text>
  );
}
