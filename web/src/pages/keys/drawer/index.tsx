import { Tabs } from "@mantine/core";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { DrawerPage, Foreign, Loaded, useUrlState } from "~/ui";

import { type Key, useKey } from "../data";
import { messages } from "../messages";
import { Acts } from "./acts";
import { EditForm } from "./edit";
import { Overview } from "./overview";
import { Probe } from "./probe";
import { UsageOfKey } from "./usage";

interface KeyDrawerProps {
  id: string | null;
  onClose: () => void;
}

const TABS = ["overview", "usage", "check", "edit"] as const;

/** One key: its limits, what it was used for, and everything that can be done with it. */
export function KeyDrawer({ id, onClose }: KeyDrawerProps) {
  const [, , clear] = useUrlState(["tab"]);
  const close = () => {
    clear();
    onClose();
  };
  return (
    <DrawerPage opened={id !== null} onClose={close} title={id && <Title id={id} />} size="min(50rem, 100vw)">
      {id && <Details key={id} id={id} onGone={close} />}
    </DrawerPage>
  );
}

function Title({ id }: { id: string }) {
  const { data } = useKey(id);
  return <Foreign text={data?.name ?? id} />;
}

function Details({ id, onGone }: { id: string; onGone: () => void }) {
  const query = useKey(id);
  return <Loaded query={query}>{(key) => <Parts item={key} onGone={onGone} />}</Loaded>;
}

function Parts({ item, onGone }: { item: Key; onGone: () => void }) {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const [{ tab }, change] = useUrlState(["tab"]);
  const shown = TABS.filter((name) => isAdmin || name !== "edit");
  const current = shown.find((name) => name === tab) ?? "overview";
  return (
    <>
      <Acts item={item} isAdmin={isAdmin} onGone={onGone} />
      <Tabs value={current} onChange={(wanted) => change({ tab: wanted ?? "" })} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t("tabs")}>
          {shown.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview"><Overview item={item} /></Tabs.Panel>
        <Tabs.Panel value="usage"><UsageOfKey id={item.id} /></Tabs.Panel>
        <Tabs.Panel value="check"><Probe item={item} /></Tabs.Panel>
        <Tabs.Panel value="edit"><EditForm item={item} /></Tabs.Panel>
      </Tabs>
    </>
  );
}
