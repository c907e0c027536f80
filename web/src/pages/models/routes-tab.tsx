import { Button, Group, Text } from "@mantine/core";
import { IconArrowsSplit2, IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";
import { EmptyState, Loaded, Panel, SearchFilter, Section } from "~/ui";

import { useAccounts, useModels, useRoutes } from "./data";
import { type EditedRoute, marksOf } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import type { Route } from "./parts";
import { Preview } from "./preview";
import { RouteRow } from "./route-row";
import { SaveBar } from "./save-bar";
import { useEditing } from "./use-editing";

/** Names of the administrator's own, and what they lead to. */
export function RoutesTab() {
  const query = useRoutes();
  return (
    <Loaded query={query} rows={10}>
      {({ routes }) => <Editor server={routes} />}
    </Loaded>
  );
}

function Editor({ server }: { server: readonly Route[] }) {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const editing = useEditing(server, t("saved"));
  const models = useModels().data?.models ?? [];
  const accounts = useAccounts().data?.accounts ?? [];
  const [q, setQ] = useState("");
  const { draft, open, setOpen, fault } = editing;
  const marks = marksOf(draft);
  const shown = draft.routes.filter((route) => route.key === open || fits(route, q));
  useActions(isAdmin ? [{ id: "routes.add", label: t("routes.add"), icon: IconPlus, run: editing.add }] : []);
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm" className={styles.lead}>
        {t("routes.text")}
      </Text>
      <Section title={t("preview")} panel>
        <Preview world={{ routes: draft.routes, models, accounts }} />
      </Section>
      <Group justify="space-between" mb="sm">
        <SearchFilter label={t("routes.find")} value={q} onChange={setQ} />
        {isAdmin && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={editing.add}>
            {t("routes.add")}
          </Button>
        )}
      </Group>
      <SaveBar editing={editing} />
      {shown.length === 0 ? (
        <Panel>
          <EmptyState icon={IconArrowsSplit2} title={t(q ? "routes.nothing" : "routes.none")} text={q ? undefined : t("routes.noneText")} />
        </Panel>
      ) : (
        <ul className={styles.routes} aria-label={t("routes.list")}>
          {shown.map((route) => (
            <RouteRow
              key={route.key}
              route={route}
              mark={marks.get(route.key) ?? null}
              open={route.key === open}
              toggle={() => setOpen(route.key === open ? null : route.key)}
              change={isAdmin ? editing.change : undefined}
              remove={() => editing.remove(route.key)}
              fault={fault?.key === route.key ? fault : null}
              world={{ models, accounts }}
            />
          ))}
        </ul>
      )}
    </>
  );
}

function fits(route: EditedRoute, q: string): boolean {
  const wanted = q.trim().toLowerCase();
  return [route.name, ...route.targets.map(({ kind, model }) => `${kind}/${model}`)].some((text) => text.toLowerCase().includes(wanted));
}
