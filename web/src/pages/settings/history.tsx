import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { Difference, Foreign, Loaded, Moment, Panel, Section } from "~/ui";

import { messages } from "./messages";
import styles from "./settings.module.css";

const SHOWN = 10;
const ROWS = 3;

interface Log {
  data: Schema<"ChangeList"> | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** The latest changes of the settings: who, when, from what to what. */
export function History({ query }: { query: Log }) {
  const t = useText(messages);
  const all = (
    <Anchor component={Link} to="/audit?action=settings" fz="sm">
      {t("all")}
    </Anchor>
  );
  return (
    <Section title={t("history")} actions={all}>
      <Loaded query={query} rows={ROWS}>
        {({ changes }) => (
          <Panel>
            {changes.length === 0 && (
              <Text size="sm" c="dimmed">
                {t("none")}
              </Text>
            )}
            <ul className={styles.history}>
              {changes.slice(0, SHOWN).map((change) => (
                <li key={change.id} className={styles.entry}>
                  <Text component="div" size="sm" c="dimmed">
                    <Moment at={change.at} />
                    <Foreign text={change.actor} />
                  </Text>
                  <Difference before={change.before} after={change.after} />
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </Loaded>
    </Section>
  );
}
