import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";

import { csv } from "./csv";
import type { Row } from "./filters";
import { messages } from "./messages";

/** Without it spreadsheets take UTF-8 for something else. */
const MARK = "\ufeff";

/** Saves the rows that are shown. */
export function ExportButton({ rows }: { rows: readonly Row[] }) {
  const t = useText(messages);
  const save = () => {
    const url = URL.createObjectURL(new Blob([MARK + csv(rows)], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: url, download: "headgate-requests.csv" }).click();
    URL.revokeObjectURL(url);
  };
  useActions([{ id: "requests-export", label: t("export"), icon: IconDownload, run: save }]);
  return (
    <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} disabled={rows.length === 0} onClick={save}>
      {t("export")}
    </Button>
  );
}
