import { define } from "~/i18n";

export const messages = define({
  en: {
    title: "API documentation",
    address: "The gateway's address is",
    key: "Key to fill in",
    keyNote: "Optional. It stays in this page.",
    status: "Status",
    type: "Type",
    code: "Code",
    means: "What it means and what to do",
    errors: "Errors",
    contents: "Chapters of the documentation",
  },
  zh: {
    title: "接口文档",
    address: "网关地址：",
    key: "填入示例的密钥",
    keyNote: "可选，仅保留在本页面中。",
    status: "状态码",
    type: "类型",
    code: "代码",
    means: "含义与处理方法",
    errors: "错误",
    contents: "文档章节",
  },
});
