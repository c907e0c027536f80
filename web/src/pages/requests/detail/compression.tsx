import { Text } from "@mantine/core";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { type Column, DataTable, Duration, EndingBadge, Facts, Foreign, Money, Tokens } from "~/ui";

import { messages } from "./messages";
import { Original } from "./original";
import { RequestLink } from "./overview";

interface CompressionProps {
  request: Schema<"RequestDetail">;
  open: (id: string) => void;
}

/** What shortening did to the conversation, and what the gateway asked itself for that. */
export function Compression({ request, open }: CompressionProps) {
  const { compression, summaries } = request;
  return (
    <>
      {compression && <Outcome compression={compression} />}
      {compression && compression.replacedTurns > 0 && <Original key={request.requestId} id={request.requestId} />}
      {summaries.length > 0 && <Summaries summaries={summaries} open={open} />}
    </>
  );
}

function Outcome({ compression }: { compression: Schema<"CompressionRead"> }) {
  const t = useText(messages);
  const { how, replacedTurns, savedTokens, spentTokens } = compression;
  const known = (name: string) => (name in messages.en ? t(name as "how.model") : how);
  const said = replacedTurns > 0 ? t("compression.done", { count: replacedTurns, how: known(`how.${how}`) }) : t("compression.whole", { why: known(`why.${how}`) });
  return (
    <>
      <Text size="sm" mb="xs">
        {said}
      </Text>
      <Facts
        rows={[
          [t("compression.saved"), replacedTurns > 0 && <Tokens key="saved" value={savedTokens} />],
          [t("compression.spent"), <Tokens key="spent" value={spentTokens} />],
        ]}
      />
    </>
  );
}

function Summaries({ summaries, open }: { summaries: readonly Schema<"SummaryRead">[]; open: (id: string) => void }) {
  const t = useText(messages);
  const common = useCommon();
  const columns: Column<Schema<"SummaryRead">>[] = [
    { id: "request", header: t("summaries.request"), cell: ({ requestId }) => <RequestLink id={requestId} open={open} /> },
    { id: "ending", header: common("status"), cell: ({ ending }) => <EndingBadge ending={ending} /> },
    { id: "model", header: common("model"), cell: ({ kind, model }) => kind !== null && <Foreign text={`${kind}/${model ?? ""}`} /> },
    { id: "duration", header: common("duration"), align: "right", cell: ({ durationMs }) => <Duration ms={durationMs} /> },
    { id: "tokens", header: common("tokens"), align: "right", cell: ({ tokens }) => <Tokens value={tokens} /> },
    { id: "cost", header: common("cost"), align: "right", cell: ({ cost }) => <Money value={cost} /> },
  ];
  return (
    <>
      <Text size="sm" fw={600} mt="sm" mb={4}>
        {t("summaries")}
      </Text>
      <DataTable items={summaries} columns={columns} label={t("summaries")} rowId={({ requestId }) => requestId} />
    </>
  );
}
