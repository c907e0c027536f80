import { define } from "~/i18n";

export const messages = define({
  en: {
    contents: "Contents",
    search: "Search this page",
    found_one: "{{count}} section",
    found_other: "{{count}} sections",
    none: "Nothing on this page holds these words.",
    link: "Link to {{title}}",
  },
  zh: {
    contents: "目录",
    search: "在本页搜索",
    found_one: "{{count}} 节",
    found_other: "{{count}} 节",
    none: "本页没有包含这些词的内容。",
    link: "{{title}} 的链接",
  },
});
