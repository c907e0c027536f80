import { List, Text } from "@mantine/core";
import { IconTerminal } from "@tabler/icons-react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";
import { CopyButton, Foreign, Section } from "~/ui";

import { Decision } from "../decision/decision";
import { Attempts } from "./attempts";
import { Compression } from "./compression";
import { Overview } from "./overview";
import { useLabels } from "./labels";
import { messages } from "./messages";
import { Raw } from "./raw";
import { Sentence } from "./sentence";
import { UsageTable } from "./usage";
import { Waterfall } from "./waterfall";

interface RequestDetailProps {
  request: Schema<"RequestDetail">;
  command: string;
  open: (id: string) => void;
}

/** All that is known of one request, the most wanted first. */
export function RequestDetail({ request, command, open }: RequestDetailProps) {
  const t = useText(messages);
  const labels = useLabels(request);
  useActions([{ id: "request-explain", label: t("copyExplain"), icon: IconTerminal, run: () => void navigator.clipboard.writeText(command) }]);
  return (
    <>
      <Sentence request={request} labels={labels} />
      <Overview request={request} open={open} actions={<CopyButton text={command} label={t("copyExplain")} />} />
      <Section title={t("time")}>
        <Waterfall request={request} />
      </Section>
      <Section title={t("attempts")}>
        <Attempts request={request} labels={labels} />
      </Section>
      <Section title={t("decision")}>
        <Decision decision={request.decision} reproduced={request.reproduced} labels={labels} />
      </Section>
      {request.dropped.length > 0 && (
        <Section title={t("dropped")}>
          <Text size="sm" c="dimmed" mb="xs">
            {t("dropped.text")}
          </Text>
          <List size="sm">
            {request.dropped.map((path) => (
              <List.Item key={path}>
                <Foreign text={path} lines={3} mono />
              </List.Item>
            ))}
          </List>
        </Section>
      )}
      <Section title={t("usage")}>
        <UsageTable request={request} />
      </Section>
      {(request.compression !== null || request.summaries.length > 0) && (
        <Section title={t("compression")}>
          <Compression request={request} open={open} />
        </Section>
      )}
      <Raw key={request.requestId} request={request} />
    </>
  );
}
