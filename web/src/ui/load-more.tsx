import { Button, Group, Text } from "@mantine/core";

import { useCommon } from "~/i18n/common";

/** What of an infinite query of TanStack is needed here. */
export interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The foot of a list that comes in pages. */
export function LoadMore({ query, total }: { query: Paged; total?: number }) {
  const t = useCommon();
  return (
    <Group justify="space-between" mt="xs" mb="md" mih={32}>
      <Text size="xs" c="dimmed">
        {total !== undefined && t("total", { count: total })}
      </Text>
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </Group>
  );
}
