import { expect, it } from "vitest";

import { linesOf, recognise, valueOf } from "./lines";

const TOKEN = "a".repeat(120);
const raws = (text: string) => linesOf([{ text, file: null }]).map((line) => line.raw);
const file = (name: string, members: object) => ({ text: JSON.stringify(members), file: name });

it("takes arrays, single objects, JSON lines and tokens, one a line", () => {
  expect(raws('[{"a": 1}, "tok"]').map(valueOf)).toEqual([{ a: 1 }, { refreshToken: "tok" }]);
  expect(raws('{"a":\n 1}').map(valueOf)).toEqual([{ a: 1 }]);
  expect(raws('{"a":1}\n\n{"a":2},\n').map(valueOf)).toEqual([{ a: 1 }, { a: 2 }]);
  expect(raws(`${TOKEN}\r\n  other \n`).map(valueOf)).toEqual([{ refreshToken: TOKEN }, { refreshToken: "other" }]);
  expect(raws("  \n ")).toEqual([]);
});

it("keeps what is broken in one piece, so that it can be corrected", () => {
  expect(raws('[{"a": 1},\n{"a": ]')).toEqual(['[{"a": 1},\n{"a": ]']);
  expect(raws('{"a":\n 1')).toEqual(['{"a":\n 1']);
  expect(valueOf('{"a": 1')).toBeNull();
  expect(valueOf("two words")).toBeNull();
});

it("puts a registration into the token file that names it", () => {
  const token = { refreshToken: TOKEN, clientIdHash: "abc", authMethod: "IdC" };
  const client = { clientId: "c", clientSecret: "s" };
  const [line, ...others] = linesOf([file("kiro-auth-token.json", token), file("other.json", { clientId: "x", clientSecret: "y" }), file("abc.json", client)]);
  expect(valueOf(line?.raw ?? "")).toEqual({ ...token, ...client });
  expect(others.map((other) => other.file)).toEqual(["other.json"]);
  const two = linesOf([file("token.json", token), file("1.json", client), file("2.json", client)]);
  expect(two).toHaveLength(3);
});

it("recognises what is in a line, and what it lacks", () => {
  expect(recognise(JSON.stringify({ refresh_token: TOKEN, email: "a@b", region: "eu-west-1" }))).toMatchObject({ label: "a@b", signIn: "social", region: "eu-west-1", holds: ["refreshToken"], problem: null });
  expect(recognise(JSON.stringify({ refreshToken: TOKEN, provider: "BuilderId" }))).toMatchObject({ signIn: "idc", problem: "client" });
  expect(recognise(JSON.stringify({ refreshToken: TOKEN, clientId: "c", clientSecret: "s" }))).toMatchObject({ signIn: "idc", problem: null });
  expect(recognise("short")).toMatchObject({ problem: "truncated" });
  expect(recognise('{"x": 1}')).toMatchObject({ problem: "noToken" });
  expect(recognise('{"kind": "openai", "apiKey": "k"}')).toMatchObject({ kind: "openai", signIn: "api-key", problem: null });
  expect(recognise("{")).toMatchObject({ problem: "json" });
});
