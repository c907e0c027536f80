import { Code, Table, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { type Refusal, REFUSALS, useAdvice } from "~/ui/refusals";

import styles from "./docs.module.css";
import { messages } from "./messages";

/** Every refusal with its words; wide, so it scrolls by itself. */
export function Errors() {
  const t = useText(messages);
  return (
    // Scrolls where it does not fit, so the keyboard must reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t("errors")}>
      <Table verticalSpacing={6} className={styles.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("status")}</Table.Th>
            <Table.Th>{t("type")}</Table.Th>
            <Table.Th>{t("means")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {REFUSALS.map((refusal) => (
            <Row key={refusal.cause} refusal={refusal} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ refusal: { cause, status, type, code } }: { refusal: Refusal }) {
  const t = useText(messages);
  const { means, advice } = useAdvice()(cause);
  return (
    <Table.Tr>
      <Table.Td className={styles.status}>{status}</Table.Td>
      <Table.Td>
        <Code>{type}</Code>
        {code && <div className={styles.code}>{t("code")} <Code>{code}</Code></div>}
      </Table.Td>
      <Table.Td className={styles.words}>
        {means}
        <Text size="sm" c="dimmed">{advice}</Text>
      </Table.Td>
    </Table.Tr>
  );
}
