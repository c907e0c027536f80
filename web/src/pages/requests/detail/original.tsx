import { Button, Text } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { ApiError, call } from "~/api/client";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { ErrorState, useConfirm } from "~/ui";

import { messages } from "./messages";
import { type Turn, Turns } from "./turns";

interface Replaced {
  turns: Turn[];
  replacedBy: Turn[];
  expiresAt: string;
}

/** The turns a summary stands for. It is what users wrote, so it is asked twice and noted who read it. */
export function Original({ id }: { id: string }) {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const confirm = useConfirm();
  // No query: each look is noted, so none may happen by itself.
  const look = useMutation({ mutationFn: () => call<Replaced>("GET", `/api/requests/${encodeURIComponent(id)}/original`) });
  const ask = async () => {
    const agreed = await confirm({ title: t("original.title"), text: t("original.text"), action: t("original.action") });
    if (agreed) look.mutate();
  };
  if (!isAdmin) {
    return (
      <Text size="sm" c="dimmed" mt="xs">
        {t("original.admin")}
      </Text>
    );
  }
  if (look.data) return <Shown replaced={look.data} />;
  const gone = look.error instanceof ApiError && look.error.status === 404;
  return (
    <>
      <Button variant="default" mt="xs" leftSection={<IconEye size={16} aria-hidden />} loading={look.isPending} onClick={() => void ask()}>
        {t("original")}
      </Button>
      {look.error && <ErrorState error={look.error} title={gone ? t("original.absent") : undefined} retry={gone ? undefined : () => look.mutate()} />}
    </>
  );
}

function Shown({ replaced }: { replaced: Replaced }) {
  const t = useText(messages);
  const { moment } = useFormat();
  return (
    <>
      <Text size="xs" c="dimmed" mt="xs">
        {t("original.until", { time: moment(replaced.expiresAt, "full") })}
      </Text>
      <Turns title={t("original.turns")} turns={replaced.turns} />
      <Turns title={t("original.by")} turns={replaced.replacedBy} />
    </>
  );
}
