import { define } from "~/i18n";

export const messages = define({
  en: {
    title: "Sign in",
    name: "Name",
    password: "Password",
    code: "Code from your authenticator app",
    submit: "Sign in",
    wrong: "Name or password is wrong.",
    wrongCode: "This code is wrong or no longer valid.",
    throttled: "Too many attempts. Try again in:",
    withoutAccount: "Without signing in:",
  },
  zh: {
    title: "登录",
    name: "用户名",
    password: "密码",
    code: "验证器应用中的验证码",
    submit: "登录",
    wrong: "用户名或密码错误。",
    wrongCode: "验证码错误或已失效。",
    throttled: "尝试次数过多，请等待：",
    withoutAccount: "无需登录：",
  },
});
