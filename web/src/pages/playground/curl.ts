/** A request as a command line, its key to be filled in. */

import { gatewayUrl } from "~/api/gateway";

import { credential, type Draft, prepare } from "./drafts";

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The key is left to the shell's variable, so that none ends up in anybody's clipboard or history. */
export function curl(draft: Draft): string {
  const { path, headers, body } = prepare(draft);
  const [name, value] = credential(draft.api, "$HEADGATE_KEY");
  return [
    `curl${draft.stream ? " -N" : ""} ${quoted(gatewayUrl(path))}`,
    `  -H "${name}: ${value}"`,
    ...Object.entries(headers).map((header) => `  -H ${quoted(header.join(": "))}`),
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join(" \\\n");
}
