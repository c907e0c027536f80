/** Every page, in the order of the menu. The router, the menu and the palette are made from this table. */

import {
  IconApi, IconBook, IconBoxModel2, IconGauge, IconHistory, IconKey, IconListDetails, IconRocket, IconSettings, IconShieldLock,
  IconTerminal2, IconUserCheck, IconUserCircle, IconWand, type TablerIcon,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

import type { Label } from "./i18n";

export type GroupName = "operate" | "configure" | "learn";

export interface PageRoute {
  path: string;
  /** Its folder in src/pages. */
  folder: string;
  label: Label;
  icon: TablerIcon;
  group: GroupName;
  /** Who may see it: everybody, who is signed in, administrators. */
  access: "everybody" | "signed-in" | "admin";
  /** "g" and then this letter leads there. */
  letter?: string;
  /** Also paths below lead there, such as /accounts/acc_1. */
  deep?: boolean;
  /** Not in the menu, only in the palette. */
  hidden?: boolean;
}

export const GROUPS: Record<GroupName, Label> = {
  operate: { en: "Operate", zh: "运行" },
  configure: { en: "Configure", zh: "配置" },
  learn: { en: "Use", zh: "使用" },
};

const TABLE: readonly PageRoute[] = [
  { path: "/", folder: "home", label: { en: "Home", zh: "总览" }, icon: IconGauge, group: "operate", access: "signed-in", letter: "h" },
  { path: "/welcome", folder: "welcome", label: { en: "First steps", zh: "快速上手" }, icon: IconWand, group: "operate", access: "admin", hidden: true },
  { path: "/accounts", folder: "accounts", label: { en: "Accounts", zh: "账号" }, icon: IconUserCircle, group: "operate", access: "signed-in", letter: "a", deep: true },
  { path: "/keys", folder: "keys", label: { en: "Keys", zh: "密钥" }, icon: IconKey, group: "operate", access: "signed-in", letter: "k", deep: true },
  { path: "/requests", folder: "requests", label: { en: "Requests", zh: "请求" }, icon: IconListDetails, group: "operate", access: "signed-in", letter: "r", deep: true },
  { path: "/models", folder: "models", label: { en: "Models", zh: "模型" }, icon: IconBoxModel2, group: "configure", access: "signed-in", letter: "m" },
  { path: "/settings", folder: "settings", label: { en: "Settings", zh: "设置" }, icon: IconSettings, group: "configure", access: "signed-in", letter: "s" },
  { path: "/security", folder: "security", label: { en: "Security", zh: "安全" }, icon: IconShieldLock, group: "configure", access: "signed-in" },
  { path: "/audit", folder: "audit", label: { en: "Audit", zh: "审计" }, icon: IconHistory, group: "configure", access: "signed-in" },
  { path: "/playground", folder: "playground", label: { en: "Playground", zh: "试验台" }, icon: IconTerminal2, group: "learn", access: "everybody", letter: "p" },
  { path: "/docs", folder: "docs", label: { en: "API docs", zh: "接口文档" }, icon: IconBook, group: "learn", access: "everybody", letter: "d", deep: true },
  { path: "/swagger", folder: "swagger", label: { en: "Swagger", zh: "Swagger" }, icon: IconApi, group: "learn", access: "everybody" },
  { path: "/deploy", folder: "deploy", label: { en: "Deploy", zh: "部署" }, icon: IconRocket, group: "learn", access: "everybody" },
  { path: "/my-key", folder: "my-key", label: { en: "My key", zh: "我的密钥" }, icon: IconUserCheck, group: "learn", access: "everybody" },
];

type Loader = () => Promise<{ default: ComponentType }>;
const loaders = import.meta.glob<{ default: ComponentType }>("./pages/*/index.tsx");

export function loaderOf(route: PageRoute): Loader | undefined {
  return loaders[`./pages/${route.folder}/index.tsx`];
}

/** Those whose folder exists. */
export const ROUTES = TABLE.filter(loaderOf);

export interface Visitor {
  signedIn: boolean;
  isAdmin: boolean;
}

export function mayVisit({ access }: PageRoute, { signedIn, isAdmin }: Visitor): boolean {
  return access === "everybody" || (access === "admin" ? isAdmin : signedIn);
}

/** Addresses of the console that was here before. */
export const MOVED: Readonly<Record<string, string>> = { "/dashboard": "/", "/admin": "/" };
