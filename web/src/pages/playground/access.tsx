import { PasswordInput, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { call } from "~/api/client";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { ErrorState } from "~/ui";

import { messages } from "./messages";
import { useKept } from "./use-exchanges";

const MINUTE_MS = 60_000;
/** A pass lives for half an hour; it is fetched anew while the old one still holds. */
const FRESH_MS = 25 * MINUTE_MS;

const PASS = {
  queryKey: ["playground", "pass"],
  queryFn: async () => (await call<{ pass: string }>("POST", "/api/playground/pass")).pass,
  staleTime: FRESH_MS,
};

export interface Access {
  asAdmin: boolean;
  mayBeAdmin: boolean;
  pasted: string;
  /** What is sent now; "" while there is nothing. */
  key: string;
  error: unknown;
  change: (made: { asAdmin?: boolean; pasted?: string }) => void;
  /** The key to send with, a pass being renewed where it has to be. */
  fresh: () => Promise<string>;
}

/** With what the data plane is asked: a pass for administrators, or a key that somebody pastes. */
export function useAccess(): Access {
  const client = useQueryClient();
  const { isAdmin } = useSession();
  const [{ asAdmin: wanted, pasted }, set] = useKept("access", { asAdmin: true, pasted: "" });
  const asAdmin = isAdmin && wanted;
  const pass = useQuery({ ...PASS, enabled: asAdmin });
  return {
    asAdmin,
    mayBeAdmin: isAdmin,
    pasted,
    key: asAdmin ? (pass.data ?? "") : pasted.trim(),
    error: asAdmin ? pass.error : null,
    change: (made) => set((before) => ({ ...before, ...made })),
    fresh: async () => (asAdmin ? client.fetchQuery(PASS) : pasted.trim()),
  };
}

export function AccessFields({ access }: { access: Access }) {
  const t = useText(messages);
  const { asAdmin, mayBeAdmin, pasted, error, change } = access;
  return (
    <Stack gap={6}>
      {mayBeAdmin && (
        <SegmentedControl
          aria-label={t("as")}
          value={asAdmin ? "admin" : "key"}
          onChange={(value) => change({ asAdmin: value === "admin" })}
          data={[{ value: "admin", label: t("asAdmin") }, { value: "key", label: t("asKey") }]}
        />
      )}
      {asAdmin ? (
        <Text size="xs" c="dimmed">{t("asAdminNote")}</Text>
      ) : (
        <PasswordInput
          label={t("key")}
          description={t("keyNote")}
          autoComplete="off"
          value={pasted}
          onChange={(event) => change({ pasted: event.currentTarget.value })}
        />
      )}
      <ErrorState error={error} />
    </Stack>
  );
}
