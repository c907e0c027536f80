/** Languages. Each page brings its own texts; `useText` answers a function that knows their names. */

import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "headgate-language";
/** What Intl is told, and the document's lang. */
const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };

function isLanguage(text: string | null): text is Language {
  return text !== null && text in LANGUAGES;
}

/** The chosen language, else the first of the browser's that we speak. */
export function preferred(stored: string | null, browser: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  return browser.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? "en";
}

const first = preferred(localStorage.getItem(STORED), navigator.languages);

void i18next.use(initReactI18next).init({
  lng: first,
  fallbackLng: "en",
  resources: {},
  interpolation: { escapeValue: false }, // React does
  react: { useSuspense: false },
});
document.documentElement.lang = LOCALES[first];

export function setLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  document.documentElement.lang = LOCALES[language];
  void i18next.changeLanguage(language);
}

/** The language in force and its locale for Intl. */
export function useLanguage(): { language: Language; locale: string } {
  const { i18n } = useTranslation();
  const language = isLanguage(i18n.language) ? i18n.language : "en";
  return { language, locale: LOCALES[language] };
}

type Plural = "_one" | "_other";
type Name<Key extends string> = Key extends `${infer Stem}${Plural}` ? Stem : Key;

export interface Messages<Key extends string = string> {
  en: Record<Key, string>;
  zh: Record<Key, string>;
  space: string;
}

/** The values for `{{name}}` in a text; `count` also chooses between name_one and name_other. */
export type Values = Record<string, string | number>;
export type Text<Key extends string> = (name: Name<Key>, values?: Values) => string;

let spaces = 0;

/** A page's texts: both languages have exactly the same names. */
export function define<const Key extends string>(texts: { en: Record<Key, string>; zh: Record<NoInfer<Key>, string> }): Messages<Key> {
  const space = `texts-${++spaces}`;
  for (const language of Object.keys(LANGUAGES) as Language[]) i18next.addResourceBundle(language, space, texts[language]);
  return { ...texts, space };
}

/** `const t = useText(messages)`, then `t("title")`, `t("left", { count: 3 })`. */
export function useText<Key extends string>(messages: Messages<Key>): Text<Key> {
  const { t } = useTranslation(messages.space, { keySeparator: false, nsSeparator: false } as object);
  return (name, values) => t(name, { keySeparator: false, nsSeparator: false, ...values });
}

/** A word in both languages, where there is only one: `{ en: "Accounts", zh: "账号" }`. */
export type Label = Record<Language, string>;

export function useLabel(): (label: Label) => string {
  const { language } = useLanguage();
  return (label) => label[language];
}
