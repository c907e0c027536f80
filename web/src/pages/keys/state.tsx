import { IconCircleCheck, IconClockX, IconPlayerPause } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { Badge, Moment, useNow } from "~/ui";

import type { Key } from "./data";
import { messages } from "./messages";

const MINUTE = 60_000;
const SOON = 7 * 86_400_000;

export function useExpired({ expiresAt }: Pick<Key, "expiresAt">): boolean {
  const now = useNow(MINUTE);
  return expiresAt !== null && Date.parse(expiresAt) <= now;
}

/** Whether a key works at all. */
export function KeyState({ item }: { item: Key }) {
  const t = useText(messages);
  const expired = useExpired(item);
  if (!item.enabled) return <Badge tone="off" icon={IconPlayerPause}>{t("state.disabled")}</Badge>;
  if (expired) return <Badge tone="bad" icon={IconClockX}>{t("state.expired")}</Badge>;
  return <Badge tone="ok" icon={IconCircleCheck}>{t("state.enabled")}</Badge>;
}

/** When it ends; marked when that is soon. */
export function Expiry({ item }: { item: Key }) {
  const t = useText(messages);
  const now = useNow(MINUTE);
  if (item.expiresAt === null) return <span>{t("noExpiry")}</span>;
  const left = Date.parse(item.expiresAt) - now;
  const soon = left > 0 && left < SOON;
  return (
    <span style={{ color: soon ? "var(--warn)" : undefined }}>
      {soon && `${t("soon")} `}
      <Moment at={item.expiresAt} style="day" />
    </span>
  );
}
