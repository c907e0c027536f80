import { Tabs } from "@mantine/core";

import { useText } from "~/i18n";
import { PageHeader, useUrlState } from "~/ui";

import { useDraft, useRoutes } from "./data";
import { isDirty } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import { ModelsTab } from "./models-tab";
import { PricesTab } from "./prices-tab";
import { RoutesTab } from "./routes-tab";

const TABS = ["models", "routes", "prices"] as const;
type Tab = (typeof TABS)[number];

/** What can be asked for, by which names, and what it costs. */
export default function Models() {
  const t = useText(messages);
  const [{ tab }, change] = useUrlState(["tab"]);
  const routes = useRoutes();
  const { draft, begun } = useDraft(routes.data?.routes);
  const shown = TABS.find((name) => name === tab) ?? "models";
  const unsaved = begun && isDirty(draft);
  const panels: Record<Tab, React.ReactNode> = { models: <ModelsTab />, routes: <RoutesTab />, prices: <PricesTab /> };
  return (
    <>
      <PageHeader title={t("title")} />
      <Tabs value={shown} onChange={(wanted) => change({ tab: wanted === "models" ? "" : (wanted ?? "") })} keepMounted={false}>
        <Tabs.List aria-label={t("tabs")} mb="md">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`tab.${name}`)}
              {name === "routes" && unsaved && <span className={styles.unsaved}> · {t("unsavedTab")}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((name) => (
          <Tabs.Panel key={name} value={name}>
            {panels[name]}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
