import { Button, Group, Switch, Tooltip } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { PageHeader, useNow, useOpened, useUrlState } from "~/ui";

import { RequestDrawer } from "./detail/drawer";
import { ExportButton } from "./export";
import { RequestFilters } from "./filter-bar";
import { isOver, NAMES } from "./filters";
import { useRequests } from "./list";
import { messages } from "./messages";
import styles from "./requests.module.css";
import { RequestTable } from "./request-table";
import { Views } from "./views";

/** The request log: what has ended, as it ends, and why each one was served where it was. */
export default function Requests() {
  const t = useText(messages);
  const [filters, change, clear] = useUrlState(NAMES);
  const [wanted, setWanted] = useState(true);
  const { id, open, close } = useOpened("/requests");
  const { query, rows, live, single, cut, toNewest } = useRequests(filters, wanted);
  const over = isOver(filters, useNow(10_000));
  const flows = wanted && single && !over;
  return (
    <>
      <PageHeader
        title={t("title")}
        actions={
          <>
            <Tooltip label={over ? t("live.past") : single ? t("live.on") : t("live.paused")}>
              <Switch label={t("live")} checked={flows} disabled={over || !single} onChange={(event) => setWanted(event.currentTarget.checked)} />
            </Tooltip>
            <Views />
            <ExportButton rows={rows} />
          </>
        }
      />
      <RequestFilters filters={filters} change={change} clear={clear} rows={rows} />
      <Group className={styles.pill} justify="center" role="status">
        {(live.arrived > 0 || cut) && (
          <Button radius="xl" leftSection={<IconArrowUp size={16} aria-hidden />} onClick={toNewest}>
            {live.arrived > 0 ? t("fresh", { count: live.arrived }) : t("toNewest")}
          </Button>
        )}
      </Group>
      <RequestTable query={query} rows={rows} fresh={live.fresh} cut={cut} filtered={NAMES.some((name) => filters[name])} opened={id} open={open} clear={clear} />
      <RequestDrawer id={id} rows={rows} open={open} close={close} />
    </>
  );
}
