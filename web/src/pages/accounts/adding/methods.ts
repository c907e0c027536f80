/** Ways to add accounts, the easiest first. */

import { IconApi, IconDeviceLaptop, IconFileImport, IconKey, IconListDetails, IconPlugConnected, IconWorld, type TablerIcon } from "@tabler/icons-react";

export const METHODS = ["device", "token", "files", "openai", "anthropic", "kimi-web", "many"] as const;
export type Method = (typeof METHODS)[number];

export const isMethod = (name: string): name is Method => (METHODS as readonly string[]).includes(name);

export const ICONS: Record<Method, TablerIcon> = {
  device: IconDeviceLaptop,
  token: IconKey,
  files: IconFileImport,
  openai: IconApi,
  anthropic: IconPlugConnected,
  "kimi-web": IconWorld,
  many: IconListDetails,
};
