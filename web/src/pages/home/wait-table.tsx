import { Anchor, Table } from "@mantine/core";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Duration } from "~/ui";

import { messages } from "./messages";
import { type Hour, listed, time, whole } from "./overview";
import { dayHourOf } from "./times";

/** The lines as rows, the last hour first; hours without answers are left out. */
export function WaitTable({ hours }: { hours: readonly Hour[] }) {
  const t = useText(messages);
  const { locale } = useFormat();
  return (
    <Table stickyHeader aria-label={t("waits")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("hour")}</Table.Th>
          <Table.Th ta="right">{t("median")}</Table.Th>
          <Table.Th ta="right">{t("slow")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {hours
          .filter((hour) => hour.p50 !== null)
          .toReversed()
          .map((hour) => (
            <Table.Tr key={hour.start}>
              <Table.Th scope="row" fw={400}>
                <Anchor component={Link} to={listed(whole([hour]))} size="sm" aria-label={t("see", { time: dayHourOf(time(hour.start), locale) })}>
                  {dayHourOf(time(hour.start), locale)}
                </Anchor>
              </Table.Th>
              <Table.Td ta="right">
                <Duration ms={hour.p50} />
              </Table.Td>
              <Table.Td ta="right">
                <Duration ms={hour.p95} />
              </Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}
