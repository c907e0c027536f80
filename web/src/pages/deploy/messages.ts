import { define } from "~/i18n";

export const messages = define({
  en: { title: "Deploy", subtitle: "From one machine to a proxy, a database and backups.", contents: "Chapters of the guide", settings: "Settings" },
  zh: { title: "部署", subtitle: "从单机到反向代理、数据库与备份。", contents: "指南章节", settings: "设置" },
});
