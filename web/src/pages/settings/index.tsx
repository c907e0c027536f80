import { Alert } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, of } from "~/api/client";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { Loaded, PageHeader } from "~/ui";

import { useChanges } from "./changes";
import { CompressionSection } from "./compression";
import { History } from "./history";
import { messages } from "./messages";
import { SchedulingSection } from "./scheduling";
import { SETTINGS } from "./use-section";

const ROWS = 14;

/** What administrators decide at run time, and who decided it. */
export default function SettingsPage() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const query = useQuery({ queryKey: SETTINGS, queryFn: () => of(api.GET("/api/settings")) });
  const log = useChanges();
  const changes = log.data?.changes ?? [];
  return (
    <>
      <PageHeader title={t("title")} subtitle={query.data && t("subtitle", { version: query.data.version })} />
      {!isAdmin && (
        <Alert variant="light" icon={<IconEye size={18} />} mb="md">
          {t("viewer")}
        </Alert>
      )}
      <Loaded query={query} rows={ROWS}>
        {(settings) => (
          <>
            <SchedulingSection settings={settings} changes={changes} isAdmin={isAdmin} />
            <CompressionSection settings={settings} changes={changes} isAdmin={isAdmin} />
          </>
        )}
      </Loaded>
      <History query={log} />
    </>
  );
}
