/** Text as a literal of a language. Names of models come from outside: none of them may end its literal. */

/** Of bash and its like. */
export const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const powershell = (text: string): string => `'${text.replaceAll(/['\u2018-\u201b]/g, (quote) => quote + quote)}'`;

/** Of JSON, which is also one of JavaScript, Python and TOML. */
export const json = (text: string): string => JSON.stringify(text).replaceAll("\u007f", "\\u007f");
