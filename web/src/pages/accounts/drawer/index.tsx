import { Button, Group, Tabs } from "@mantine/core";
import { IconArrowLeft, IconUserOff } from "@tabler/icons-react";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { DrawerPage, EmptyState, Foreign, useUrlState } from "~/ui";

import type { Account } from "../kinds";
import { messages as page } from "../messages";
import { TrialPanel } from "../trial";
import { useGo } from "../use-go";
import { Acts } from "./acts";
import { Decisions } from "./decisions";
import { EditForm } from "./edit";
import { messages } from "./messages";
import { Overview } from "./overview";
import { Timeline } from "./timeline";

const TABS = ["overview", "test", "edit", "timeline", "decisions"] as const;
/** What changes something is not for viewers. */
const WRITES: readonly string[] = ["test", "edit"];

interface AccountDrawerProps {
  id: string | null;
  account: Account | undefined;
}

/** One account: how it stands, and everything about it. */
export function AccountDrawer({ id, account }: AccountDrawerProps) {
  const t = useText(page);
  const go = useGo();
  const close = () => go(null, { tab: "" });
  return (
    <DrawerPage opened={id !== null} onClose={close} title={<Foreign text={account?.label ?? id ?? ""} />} size="min(52rem, 100vw)">
      {account ? <Parts key={account.id} account={account} onGone={close} /> : <Gone onClose={close} title={t("gone")} />}
    </DrawerPage>
  );
}

function Parts({ account, onGone }: { account: Account; onGone: () => void }) {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const [{ tab }, change] = useUrlState(["tab"]);
  const shown = TABS.filter((name) => isAdmin || !WRITES.includes(name));
  const current = shown.find((name) => name === tab) ?? "overview";
  return (
    <>
      {isAdmin && <Acts account={account} onGone={onGone} />}
      <Tabs value={current} onChange={(wanted) => change({ tab: wanted ?? "" })} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t("tabs")}>
          {shown.map((name) => (
            <Tabs.Tab key={name} value={name} px="xs">
              {t(`tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview"><Overview account={account} isAdmin={isAdmin} /></Tabs.Panel>
        <Tabs.Panel value="test"><TrialPanel account={account} /></Tabs.Panel>
        <Tabs.Panel value="edit"><EditForm account={account} /></Tabs.Panel>
        <Tabs.Panel value="timeline"><Timeline account={account} /></Tabs.Panel>
        <Tabs.Panel value="decisions"><Decisions account={account} /></Tabs.Panel>
      </Tabs>
    </>
  );
}

function Gone({ title, onClose }: { title: string; onClose: () => void }) {
  const t = useText(page);
  const back = (
    <Group justify="center">
      <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onClose}>
        {t("title")}
      </Button>
    </Group>
  );
  return <EmptyState icon={IconUserOff} title={title} text={t("goneHint")} action={back} />;
}
