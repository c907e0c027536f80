import { Alert, Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { gateway } from "~/api/gateway";
import { useText } from "~/i18n";

import { ClientSettings } from "./client-settings";
import { messages } from "./messages";
import { TestRequest } from "./test-request";

/** Names of the models that a key may use now, as the data plane offers them to it. */
export function useOffered(apiKey: string) {
  return useQuery({
    queryKey: ["gateway", "models", apiKey],
    queryFn: async ({ signal }) => {
      const response = await gateway("/v1/models", { key: apiKey, signal });
      const { data } = (await response.json()) as { data: { id: string }[] };
      return data.map(({ id }) => id);
    },
    enabled: apiKey !== "",
    // The secret stays no longer than what is shown.
    gcTime: 0,
    staleTime: 0,
  });
}

const PREFERRED = ["claude-sonnet-4.5", "claude-sonnet"];

/** What is suggested: a model that most clients know how to use, else the first. */
export function suggested(models: readonly string[]): string | undefined {
  const known = PREFERRED.map((wanted) => models.find((name) => name.startsWith(wanted)));
  return known.find(Boolean) ?? models[0];
}

/** All it takes to use a key: a model, the settings of a client, and a request to see that it works. */
export function ConnectClient({ apiKey }: { apiKey: string }) {
  const t = useText(messages);
  const { data: models } = useOffered(apiKey);
  const [chosen, setChosen] = useState<string | null>(null);
  const model = chosen ?? suggested(models ?? []);
  return (
    <Stack gap="md">
      {models?.length === 0 ? (
        <Alert color="yellow" role="status">
          {t("noModels")}
        </Alert>
      ) : (
        <Select
          label={t("model")}
          data={[...(models ?? [])]}
          value={model ?? null}
          onChange={setChosen}
          searchable
          allowDeselect={false}
          maw={360}
          limit={200}
        />
      )}
      <ClientSettings apiKey={apiKey} model={model} />
      {model && <TestRequest key={apiKey} apiKey={apiKey} model={model} />}
    </Stack>
  );
}
