import {
  IconBan, IconCircleCheck, IconCircleX, IconClockPause, IconGauge, IconHandStop, IconLogin2, IconPlayerPause, IconScissors, type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Schema } from "~/api/client";
import { useCommon } from "~/i18n/common";

import styles from "./kit.module.css";
import { type Tone, toneClass } from "./tone";

type Status = Schema<"Status">;
type Ending = Schema<"Ending">;

const STATUS: Record<Status, [Tone, TablerIcon]> = {
  active: ["ok", IconCircleCheck],
  cooling: ["warn", IconClockPause],
  exhausted: ["warn", IconGauge],
  suspended: ["bad", IconBan],
  "needs-login": ["bad", IconLogin2],
  disabled: ["off", IconPlayerPause],
};

const ENDING: Record<Ending, [Tone, TablerIcon]> = {
  served: ["ok", IconCircleCheck],
  failed: ["bad", IconCircleX],
  cut: ["warn", IconScissors],
  cancelled: ["off", IconHandStop],
};

/** A word with an icon, in a tone. */
export function Badge({ tone, icon: Icon, children }: { tone: Tone; icon: TablerIcon; children: ReactNode }) {
  return (
    <span className={`${styles.badge} ${toneClass(tone)}`}>
      <Icon size={15} stroke={1.9} aria-hidden />
      {children}
    </span>
  );
}

/** How an account stands. */
export function StatusBadge({ status }: { status: Status }) {
  const t = useCommon();
  const [tone, icon] = STATUS[status];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`status.${status}`)}
    </Badge>
  );
}

/** How a request ended. */
export function EndingBadge({ ending }: { ending: Ending }) {
  const t = useCommon();
  const [tone, icon] = ENDING[ending];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`ending.${ending}`)}
    </Badge>
  );
}
