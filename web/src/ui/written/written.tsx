import { Anchor, Code, List, Table, Text } from "@mantine/core";
import { Link } from "react-router";

import { CodeBlock } from "../copy";
import { type Block, blocksOf, type Piece, piecesOf } from "./parse";
import styles from "./written.module.css";

/** Text of our own in a little Markdown (see parse.ts). `label` names its tables and code to those who hear the page. */
export function Written({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles.written}>
      {blocksOf(text).map((block, index) => (
        <BlockView key={index} block={block} label={label} />
      ))}
    </div>
  );
}

function BlockView({ block, label }: { block: Block; label: string }) {
  if (block.kind === "code") return <CodeBlock text={block.text} label={`${label}: ${block.label}`} />;
  if (block.kind === "table") return <TableView {...block} label={label} />;
  if (block.kind === "list") {
    return (
      <List size="sm" spacing={4}>
        {block.items.map((item, index) => (
          <List.Item key={index}>
            <Line text={item} />
          </List.Item>
        ))}
      </List>
    );
  }
  return (
    <Text size="sm" component="p">
      <Line text={block.text} />
    </Text>
  );
}

function TableView({ head, rows, label }: { head: string[]; rows: string[][]; label: string }) {
  return (
    // Scrolls where it does not fit, so the keyboard must reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing={6} className={styles.table}>
        <Table.Thead>
          <Table.Tr>{head.map((cell, index) => <Table.Th key={index}><Line text={cell} /></Table.Th>)}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={index}>{row.map((cell, column) => <Table.Td key={column}><Line text={cell} /></Table.Td>)}</Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** One line with its code and links. */
export function Line({ text }: { text: string }) {
  return piecesOf(text).map((piece, index) => <PieceView key={index} piece={piece} />);
}

function PieceView({ piece }: { piece: Piece }) {
  if (piece.kind === "code") return <Code className={styles.code}>{piece.text}</Code>;
  if (piece.kind === "link") return <Anchor component={Link} to={piece.to} inherit underline="always">{piece.text}</Anchor>;
  return piece.text;
}
