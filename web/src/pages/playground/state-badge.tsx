import { IconAlertTriangle, IconCircleCheck, IconHourglass, IconPlayerStop, IconWriting, type TablerIcon } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { Badge, type Tone } from "~/ui";

import type { Exchange } from "./exchange";
import { messages } from "./messages";

const LOOKS: Record<Exchange["state"], [tone: Tone, icon: TablerIcon]> = {
  waiting: ["accent", IconHourglass],
  answering: ["accent", IconWriting],
  done: ["ok", IconCircleCheck],
  stopped: ["off", IconPlayerStop],
  failed: ["bad", IconAlertTriangle],
};

export function StateBadge({ exchange }: { exchange: Exchange }) {
  const t = useText(messages);
  const [tone, icon] = LOOKS[exchange.state];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`state.${exchange.state}`)}
    </Badge>
  );
}
