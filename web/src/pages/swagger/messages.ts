import { define } from "~/i18n";

export const messages = define({
  en: {
    title: "Swagger",
    subtitle: "Read and try every operation. What you execute here is real.",
    document: "Document",
    control: "Console REST",
    gateway: "Gateway",
    session: "Your session is used for the console's REST. With Authorize you may use a token instead.",
    noSession: "Sign in, or use Authorize with the administrator's password or a token.",
    key: "Use Authorize with a key.",
    json: "As JSON",
  },
  zh: {
    title: "Swagger",
    subtitle: "查看并试用每个操作。在此执行的操作会真实生效。",
    document: "文档",
    control: "控制台 REST",
    gateway: "网关",
    session: "控制台 REST 使用您当前的会话；也可通过 Authorize 改用令牌。",
    noSession: "请先登录，或通过 Authorize 使用管理员密码或令牌。",
    key: "请通过 Authorize 填入密钥。",
    json: "JSON 原文",
  },
});
