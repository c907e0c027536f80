import { useText } from "~/i18n";
import { TimeAgo } from "~/ui";

import type { Change } from "./changes";
import { messages } from "./messages";

/** Who changed a setting last, and when; nothing where nobody is known to have. */
export function ChangedBy({ change }: { change: Change | undefined }) {
  const t = useText(messages);
  if (!change) return null;
  return (
    <span>
      {" · "}
      <bdi>{t("changedBy", { who: change.actor })}</bdi> <TimeAgo at={change.at} />
    </span>
  );
}
