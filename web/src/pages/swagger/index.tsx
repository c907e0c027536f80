import { Anchor, Group, SegmentedControl, Text } from "@mantine/core";
import { lazy, Suspense } from "react";

import { gatewayUrl } from "~/api/gateway";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { Loading, PageHeader, useUrlState } from "~/ui";

import { messages } from "./messages";

// Larger than all else together, and of use to few.
const Viewer = lazy(() => import("./viewer").then((module) => ({ default: module.Viewer })));

/** Both planes' OpenAPI documents, to read and to try. */
export default function Swagger() {
  const t = useText(messages);
  const { session } = useSession();
  const [{ of: chosen }, change] = useUrlState(["of"]);
  const gateway = chosen === "gateway";
  const url = gateway ? gatewayUrl("/openapi.json") : "/openapi.json";
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <Group gap="md" mb="sm">
        <SegmentedControl
          aria-label={t("document")}
          value={gateway ? "gateway" : "control"}
          onChange={(value) => change({ of: value === "gateway" ? "gateway" : "" })}
          data={[{ value: "control", label: t("control") }, { value: "gateway", label: t("gateway") }]}
        />
        <Anchor href={url} target="_blank" rel="noreferrer" size="sm">{t("json")}</Anchor>
        <Text size="sm" c="dimmed">{gateway ? t("key") : session ? t("session") : t("noSession")}</Text>
      </Group>
      <Suspense fallback={<Loading />}>
        <Viewer key={url} url={url} csrf={session?.csrfToken ?? null} />
      </Suspense>
    </>
  );
}
