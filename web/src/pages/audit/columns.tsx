import { Anchor, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { type Column, Difference, Foreign, Moment } from "~/ui";

import styles from "./audit.module.css";
import type { Change } from "./list";
import { messages } from "./messages";
import { placeOf, useActionText } from "./words";

export function useColumns(): readonly Column<Change>[] {
  const t = useText(messages);
  const common = useCommon();
  return useMemo(
    () => [
      { id: "time", header: common("time"), width: "8.5rem", cell: (change) => <Moment at={change.at} /> },
      { id: "who", header: t("who"), width: "15%", cell: (change) => <Who change={change} /> },
      { id: "what", header: t("what"), width: "26%", cell: (change) => <What change={change} /> },
      { id: "change", header: t("change"), cell: (change) => <Changed change={change} /> },
    ],
    [t, common],
  );
}

function Who({ change }: { change: Change }) {
  return (
    <div className={styles.two}>
      <Foreign text={change.actor} lines={2} />
      <Text component="div" size="xs" c="dimmed">
        <Foreign text={change.address} />
      </Text>
    </div>
  );
}

/** What was done, and to what; with a way to it where it still is. */
function What({ change }: { change: Change }) {
  const said = useActionText();
  const place = placeOf(change.action, change.target);
  const name = change.targetName || (change.target === change.action.split(".")[0] ? "" : change.target);
  const text = <Foreign text={name || change.action} lines={2} />;
  return (
    <div className={styles.two}>
      <span>{said(change.action)}</span>
      <div className={styles.target}>
        {place ? (
          <Anchor component={Link} to={place} fz="sm">
            {text}
          </Anchor>
        ) : (
          text
        )}
      </div>
    </div>
  );
}

function Changed({ change }: { change: Change }) {
  const t = useText(messages);
  if (change.before === null && change.after === null) return <span>{t("unchanged")}</span>;
  return <Difference before={change.before} after={change.after} />;
}
