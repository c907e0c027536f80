/** The settings as docs/settings.md tells them, from the very file: no copy is kept. */

import told from "../../../../docs/settings.md?raw";

/** Its table, as Markdown. */
export const settingsTable = told.split("\n").filter((line) => line.startsWith("|")).join("\n");
