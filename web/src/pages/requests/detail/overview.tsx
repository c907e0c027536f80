import { Anchor, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { EndingBadge, Facts, Foreign, Moment, Section } from "~/ui";

import { useNames } from "../names";
import { messages } from "./messages";

interface OverviewProps {
  request: Schema<"RequestDetail">;
  open: (id: string) => void;
  actions: ReactNode;
}

/** Who asked for what, and what came of it. */
export function Overview({ request, open, actions }: OverviewProps) {
  const t = useText(messages);
  const common = useCommon();
  const { keyOf, accountOf } = useNames();
  const { kind, model, cause, finishReason } = request;
  return (
    <Section title={t("overview")} actions={actions}>
      <Facts
        rows={[
          [t("received"), <Moment key="received" at={request.receivedAt} style="full" />],
          [common("key"), <Foreign key="key" text={keyOf(request)} lines={3} />],
          [t("asked"), <Foreign key="asked" text={request.askedModel} lines={4} mono />],
          [t("how"), t(request.streamed ? "how.streamed" : "how.whole", { dialect: request.dialect })],
          [t("servedBy"), kind !== null && <Foreign key="by" text={`${kind}/${model ?? ""}`} lines={4} mono />],
          [common("account"), <Foreign key="account" text={accountOf(request)} lines={3} />],
          [t("answered"), <Answered key="answered" request={request} />],
          [t("finish"), finishReason !== null && <Foreign key="finish" text={finishReason} mono />],
          [t("cause"), cause !== null && <RequestLink key="cause" id={cause} open={open} />],
        ]}
      />
    </Section>
  );
}

function Answered({ request }: { request: Schema<"RequestDetail"> }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <EndingBadge ending={request.ending} />
      <Text component="span" size="sm">
        {request.status}
      </Text>
      {request.error !== null && <Foreign text={request.error} lines={6} mono />}
    </Group>
  );
}

/** Leads to another request, in this drawer. */
export function RequestLink({ id, open }: { id: string; open: (id: string) => void }) {
  return (
    <Anchor component="button" type="button" size="sm" onClick={() => open(id)}>
      <Foreign text={id} mono />
    </Anchor>
  );
}
