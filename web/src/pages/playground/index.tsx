import { Button, Group, Kbd, Tabs, Text } from "@mantine/core";
import { useHotkeys, useMediaQuery, useOs } from "@mantine/hooks";
import { IconPlayerStop, IconSend, IconTerminal2 } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";
import { CopyButton, EmptyState, PageHeader, Section, toastError } from "~/ui";

import { useAccess } from "./access";
import { ClientView } from "./client-view";
import { curl } from "./curl";
import { type Draft, FIRST, isReady } from "./drafts";
import { History } from "./history";
import { messages } from "./messages";
import styles from "./playground.module.css";
import { RequestForm } from "./request-form";
import { nextId } from "./turns";
import { useExchanges, useKept } from "./use-exchanges";
import { WireView } from "./wire-view";

/** Asks the data plane from this browser, as a client would, and shows both what a client sees and what went over the wire. */
export default function Playground() {
  const t = useText(messages);
  const [draft, setDraft] = useKept<Draft>("draft", FIRST);
  const access = useAccess();
  const { all, send, stop, busy } = useExchanges();
  const [shownId, setShown] = useState<number | null>(null);
  const [tab, setTab] = useState<string | null>("request");
  const narrow = useMediaQuery("(max-width: 62em)", false, { getInitialValueInEffect: false });
  const change = (made: Partial<Draft>) => setDraft((before) => ({ ...before, ...made }));
  const ready = isReady(draft) && access.key !== "" && !busy;
  const begin = async () => {
    if (!ready) return;
    setShown(null);
    setTab("answer");
    try {
      await send(draft, await access.fresh());
    } catch (error) {
      toastError(error);
    }
  };
  useHotkeys([["mod+Enter", () => void begin()], ["Escape", stop]], []);
  useActions([{ id: "playground.send", label: t("send"), icon: IconSend, run: () => void begin() }]);
  const shown = all.find(({ id }) => id === shownId) ?? all[0];
  const proceed = () => {
    if (!shown) return;
    const turns = shown.draft.turns.filter(({ text }) => text.trim());
    const id = nextId(turns);
    change({ turns: [...turns, { id, role: "assistant", text: shown.heard.text }, { id: id + 1, role: "user", text: "" }] });
    setTab("request");
  };
  const reuse = () => {
    if (shown) setDraft(() => shown.draft);
    setTab("request");
  };
  const form = (
    <>
      <RequestForm draft={draft} change={change} access={access} />
      <Foot draft={draft} ready={ready} busy={busy} again={all.length > 0} onSend={() => void begin()} onStop={stop} />
    </>
  );
  const none = <EmptyState icon={IconTerminal2} title={t("nothingYet")} text={t("nothingYetText")} />;
  const client = shown ? <ClientView exchange={shown} onContinue={proceed} /> : none;
  const wire = shown ? <WireView exchange={shown} /> : none;
  const history = shown && <History exchanges={all} shown={shown} onShow={setShown} onReuse={reuse} />;
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      {narrow ? (
        <Narrow tab={tab} onTab={setTab} parts={{ request: form, answer: <>{history}{client}</>, wire: <>{history}{wire}</> }} />
      ) : (
        <div className={styles.columns}>
          <Section title={t("requestPart")} panel>{form}</Section>
          <div className={styles.views}>
            {history}
            <div className={styles.pair}>
              <Section title={t("answerPart")} panel>{client}</Section>
              <Section title={t("wire")} panel>{wire}</Section>
            </div>
          </div>
        </div>
      )}
    </>
  );
}

interface NarrowProps {
  tab: string | null;
  onTab: (tab: string | null) => void;
  parts: { request: ReactNode; answer: ReactNode; wire: ReactNode };
}

function Narrow({ tab, onTab, parts }: NarrowProps) {
  const t = useText(messages);
  return (
    <Tabs value={tab} onChange={onTab}>
      <Tabs.List mb="sm">
        <Tabs.Tab value="request">{t("requestPart")}</Tabs.Tab>
        <Tabs.Tab value="answer">{t("answerPart")}</Tabs.Tab>
        <Tabs.Tab value="wire">{t("wire")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="request">{parts.request}</Tabs.Panel>
      <Tabs.Panel value="answer">{parts.answer}</Tabs.Panel>
      <Tabs.Panel value="wire">{parts.wire}</Tabs.Panel>
    </Tabs>
  );
}

interface FootProps {
  draft: Draft;
  ready: boolean;
  busy: boolean;
  again: boolean;
  onSend: () => void;
  onStop: () => void;
}

function Foot({ draft, ready, busy, again, onSend, onStop }: FootProps) {
  const t = useText(messages);
  const mod = useOs() === "macos" ? "⌘" : "Ctrl";
  return (
    <>
      <Group gap="xs" mt="md">
        <Button leftSection={<IconSend size={16} aria-hidden />} disabled={!ready && !busy} loading={busy} onClick={onSend}>
          {again ? t("again") : t("send")}
        </Button>
        {busy && (
          <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={onStop}>
            {t("stop")}
          </Button>
        )}
        <CopyButton text={curl(draft)} label={t("curl")} />
      </Group>
      <Text size="xs" c="dimmed" mt="xs">
        <Kbd size="xs">{mod}</Kbd> <Kbd size="xs">Enter</Kbd> {t("toSend")} · <Kbd size="xs">Esc</Kbd> {t("toStop")}
      </Text>
    </>
  );
}
