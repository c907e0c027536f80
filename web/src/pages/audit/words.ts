/** Actions of the log in words, and where their targets are shown. */

import { useText } from "~/i18n";

import { messages } from "./messages";

type Known = keyof typeof messages.en;
const known = (name: string): name is Known => name in messages.en;

/** "account.update" -> "Changed account"; an action of another release as it is written. */
export function useActionText(): (action: string) => string {
  const t = useText(messages);
  return (action) => {
    const own = `act.${action}`;
    if (known(own)) return t(own);
    const [noun = "", verb = "all"] = action.split(".");
    const [nounName, verbName] = [`noun.${noun}`, `verb.${verb}`];
    return known(nounName) && known(verbName) ? t(verbName, { noun: t(nounName) }) : action;
  };
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  account: ["create", "import", "update", "enable", "disable", "refresh", "verify", "test", "delete", "restore"],
  key: ["create", "update", "rotate", "delete", "restore"],
  settings: [],
  routes: [],
  price: ["create", "update", "delete"],
  session: ["create", "delete"],
  user: ["create", "update", "password", "totp", "delete"],
  token: ["create", "delete"],
};

/** What can be asked for: all about something, then each single action. */
export const ACTIONS: readonly string[] = [
  ...Object.entries(VERBS).flatMap(([noun, verbs]) => [noun, ...verbs.map((verb) => `${noun}.${verb}`)]),
  "requests.original",
  "playground.pass",
];

/** Where the target of a change can be seen; null for what is no more. */
export function placeOf(action: string, target: string): string | null {
  const [noun = "", verb] = action.split(".");
  const id = encodeURIComponent(target);
  if (noun === "settings") return "/settings";
  if (noun === "routes") return "/models?tab=routes";
  if (verb === "delete") return null;
  if (noun === "account") return `/accounts/${id}`;
  if (noun === "key") return `/keys/${id}`;
  if (noun === "requests") return `/requests/${id}`;
  if (noun === "price") return "/models?tab=prices";
  return ["user", "token", "session"].includes(noun) ? "/security" : null;
}
