import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { type ColumnDef, getCoreRowModel, getSortedRowModel, type Header, type Row, useReactTable } from "@tanstack/react-table";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";

import { useCommon } from "~/i18n/common";

import styles from "./table.module.css";

export interface Column<Item> {
  id: string;
  /** Also the label beside the value where rows become cards; "" shows none. */
  header: string;
  cell: (item: Item) => ReactNode;
  /** Makes the column sortable. Only where all rows are there, not for lists that come in pages. */
  sort?: (item: Item) => string | number;
  align?: "right";
  width?: string;
  /** Left out between phone and wide screens. */
  wide?: boolean;
}

export interface DataTableProps<Item> {
  items: readonly Item[];
  columns: readonly Column<Item>[];
  /** What the table holds, read out. */
  label: string;
  rowId: (item: Item) => string;
  /** What a row is called; with it rows open by click and Enter. */
  rowLabel?: (item: Item) => string;
  onOpen?: (item: Item) => void;
  /** The row whose drawer is open. */
  openId?: string | null;
  /** Shown in place of rows. */
  empty?: ReactNode;
  /** At most so many rows are drawn, the first of their order. */
  most?: number;
}

/** A dense table with a head that stays; on a phone its rows become cards. */
export function DataTable<Item>({ items, columns, label, rowId, rowLabel, onOpen, openId, empty, most }: DataTableProps<Item>) {
  const table = useReactTable({
    data: items as Item[],
    columns: columns.map(definition),
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const byId = new Map(columns.map((column) => [column.id, column]));
  if (items.length === 0 && empty) return <div className={styles.frame}>{empty}</div>;
  return (
    <div className={styles.frame}>
      {/* Cards are no table to the browser, so the roles say it. */}
      {/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role */}
      <table className={styles.table} role="table" aria-label={label}>
        <thead className={styles.head} role="rowgroup">
          <tr role="row">
            {table.getFlatHeaders().map((header) => (
              <Head key={header.id} header={header} column={byId.get(header.id)} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {table.getRowModel().rows.slice(0, most).map((row) => (
            <BodyRow key={row.id} row={row} columns={columns} label={rowLabel?.(row.original)} onOpen={onOpen} open={row.id === openId} />
          ))}
        </tbody>
      </table>
      {/* eslint-enable jsx-a11y/no-redundant-roles */}
    </div>
  );
}

function definition<Item>({ id, sort }: Column<Item>): ColumnDef<Item> {
  if (!sort) return { id, enableSorting: false };
  return { id, accessorFn: sort, sortingFn: (a, b, column) => compare(a.getValue(column), b.getValue(column)) };
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

const SORTED = { asc: "ascending", desc: "descending" } as const;

function Head<Item>({ header, column }: { header: Header<Item, unknown>; column: Column<Item> | undefined }) {
  const order = header.column.getIsSorted();
  const sortable = header.column.getCanSort();
  const Arrow = order === "desc" ? IconArrowDown : IconArrowUp;
  const named = column?.header ?? "";
  return (
    <th
      role="columnheader"
      scope="col"
      data-align={column?.align}
      data-wide={column?.wide}
      style={{ width: column?.width }}
      aria-sort={sortable ? (order ? SORTED[order] : "none") : undefined}
    >
      {sortable ? (
        <UnstyledButton className={styles.sort} fz="inherit" onClick={header.column.getToggleSortingHandler()}>
          {named}
          {order && <Arrow size={13} aria-hidden />}
        </UnstyledButton>
      ) : (
        named
      )}
    </th>
  );
}

interface BodyRowProps<Item> {
  row: Row<Item>;
  columns: readonly Column<Item>[];
  label: string | undefined;
  onOpen: ((item: Item) => void) | undefined;
  open: boolean;
}

/** A click on a control inside the row is that control's. */
const CONTROL = "a, button, input, label, select, textarea, [role=menuitem], [role=switch]";

function BodyRow<Item>({ row, columns, label, onOpen, open }: BodyRowProps<Item>) {
  const t = useCommon();
  const opening = onOpen && {
    tabIndex: 0,
    "aria-label": label && t("opens", { label }),
    onClick: (event: MouseEvent<HTMLElement>) => {
      // What happens in a menu or dialog that a cell opened bubbles up here, though it lies elsewhere.
      const at = event.target as HTMLElement;
      if (event.currentTarget.contains(at) && !at.closest(CONTROL)) onOpen(row.original);
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      if (event.key === "Enter" && event.target === event.currentTarget) onOpen(row.original);
    },
  };
  return (
    <tr className={styles.row} role="row" data-opens={Boolean(onOpen)} data-open={open} {...opening}>
      {columns.map((column) => (
        <td key={column.id} role="cell" data-label={column.header} data-align={column.align} data-wide={column.wide}>
          {column.cell(row.original)}
        </td>
      ))}
    </tr>
  );
}
