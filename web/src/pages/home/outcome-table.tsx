import { Anchor, Table } from "@mantine/core";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import { messages } from "./messages";
import { ENDINGS, listed, type Slot } from "./overview";
import { dayHourOf } from "./times";

/** The bars as rows, the last first; every figure leads to its requests. */
export function OutcomeTable({ bars }: { bars: readonly Slot[] }) {
  const t = useText(messages);
  const common = useCommon();
  const { locale, number } = useFormat();
  return (
    <Table stickyHeader aria-label={t("outcomes")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("hour")}</Table.Th>
          {ENDINGS.map((ending) => (
            <Table.Th key={ending} ta="right">
              {common(`ending.${ending}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {bars.toReversed().map((slot) => (
          <Table.Tr key={slot.from}>
            <Table.Th scope="row" fw={400}>
              <Anchor component={Link} to={listed(slot)} size="sm" aria-label={t("see", { time: dayHourOf(slot.from, locale) })}>
                {dayHourOf(slot.from, locale)}
              </Anchor>
            </Table.Th>
            {ENDINGS.map((ending) => (
              <Table.Td key={ending} ta="right">
                {slot.counts[ending] === 0 ? "0" : <Anchor component={Link} to={listed(slot, ending)} size="sm">{number(slot.counts[ending])}</Anchor>}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
