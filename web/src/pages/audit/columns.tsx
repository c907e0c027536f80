import { Anchor, Text } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
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
  // Of settings and routes there is only one.
  const name = change.targetName || (["settings", "routes"].includes(change.target) ? "" : change.target);
  const done = said(change.action);
  return (
    <div className={styles.two}>
      {name ? <span>{done}</span> : <Leading to={place}>{done}</Leading>}
      {name && (
        <div className={styles.target}>
          <Leading to={place}>
            <Foreign text={name} lines={2} />
          </Leading>
        </div>
      )}
    </div>
  );
}

/** A link, where there is somewhere to go. */
function Leading({ to, children }: { to: string | null; children: ReactNode }) {
  if (to === null) return <>{children}</>;
  return (
    <Anchor component={Link} to={to} fz="sm">
      {children}
    </Anchor>
  );
}

function Changed({ change }: { change: Change }) {
  const t = useText(messages);
  if (change.before === null && change.after === null) return <span>{t("unchanged")}</span>;
  return <Difference before={change.before} after={change.after} />;
}
