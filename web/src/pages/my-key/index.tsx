import { Button, Text } from "@mantine/core";
import { IconArrowBackUp, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { Loading, Moment, PageHeader, Section } from "~/ui";
import { ConnectClient } from "~/ui/client-settings";
import { KeyStats, LimitList } from "~/ui/key-usage";

import { type OwnUsage, useOwnUsage } from "./data";
import { KeyForm } from "./key-form";
import { messages } from "./messages";
import { Models } from "./models";
import { Trouble } from "./trouble";

/** For who holds a key and nothing else: what is left of it, and how to use it. The key is kept in memory alone. */
export default function MyKey() {
  const t = useText(messages);
  const [key, setKey] = useState("");
  const back = (
    <Button variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => setKey("")}>
      {t("other")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} actions={key && back} />
      {key ? <About apiKey={key} /> : <KeyForm onKey={setKey} />}
    </>
  );
}

function About({ apiKey }: { apiKey: string }) {
  const query = useOwnUsage(apiKey);
  const { data, error, dataUpdatedAt, isFetching, refetch } = query;
  const retry = () => void refetch();
  if (error) return <Trouble error={error} retry={retry} />;
  if (!data) return <Loading rows={5} height={44} />;
  return <Content apiKey={apiKey} data={data} at={dataUpdatedAt} busy={isFetching} refresh={retry} />;
}

interface ContentProps {
  apiKey: string;
  data: OwnUsage;
  at: number;
  busy: boolean;
  refresh: () => void;
}

function Content({ apiKey, data, at, busy, refresh }: ContentProps) {
  const t = useText(messages);
  const foot = (
    <>
      <Text size="xs" c="dimmed">
        {t("asOf")} <Moment at={at} style="time" />
      </Text>
      <Button variant="default" size="xs" leftSection={<IconRefresh size={14} aria-hidden />} loading={busy} onClick={refresh}>
        {t("refresh")}
      </Button>
    </>
  );
  return (
    <>
      <Section title={t("limits")} panel actions={foot}>
        <LimitList usage={data.usage} />
      </Section>
      <Section title={t("sofar")} panel>
        <KeyStats stats={data.stats} />
      </Section>
      <Section title={t("connect")} panel>
        <ConnectClient apiKey={apiKey} />
      </Section>
      <Section title={t("models")} panel>
        <Models apiKey={apiKey} />
      </Section>
    </>
  );
}
