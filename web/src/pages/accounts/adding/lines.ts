/** What people paste or drop, as lines to import; and what of them can be told before they are sent. */

type Members = Record<string, unknown>;

export interface Line {
  id: number;
  /** As it was given, or corrected since. */
  raw: string;
  /** The file it came from, if any. */
  file: string | null;
}

export interface Source {
  text: string;
  file: string | null;
}

const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** The pieces of one text: the elements of an array, an object, else its lines. */
function pieces(text: string): string[] {
  const whole = json(text);
  if (Array.isArray(whole)) return whole.map(written);
  if (isObject(whole)) return [written(whole)];
  // An array that is broken would fall into nonsense.
  if (text.trimStart().startsWith("[")) return [text.trim()];
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/,$/, "")).filter(Boolean);
  // An object over several lines that is broken stays one.
  const broken = text.trimStart().startsWith("{") && lines.some((line) => line.startsWith("{") !== line.endsWith("}"));
  return broken ? [text.trim()] : lines;
}

/** All lines of what was given. A registration that belongs to a token file becomes part of it. */
export function linesOf(sources: readonly Source[]): Line[] {
  const found = sources.flatMap(({ text, file }) => pieces(text).map((raw) => ({ raw, file })));
  return paired(found).map((line, id) => ({ ...line, id }));
}

type Piece = Omit<Line, "id">;

const said = (members: Members, name: string): string => {
  const value = members[name] ?? members[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  return typeof value === "string" ? value.trim() : "";
};

/** Kiro's tools keep the client of an IdC sign-in in a file of its own, which clientIdHash names. */
function paired(given: readonly Piece[]): Piece[] {
  const read = given.map((piece) => ({ piece, members: json(piece.raw) }));
  const isClient = (members: unknown): members is Members =>
    isObject(members) && Boolean(said(members, "clientId") && said(members, "clientSecret")) && !said(members, "refreshToken") && !said(members, "accessToken");
  const clients = read.filter(({ members }) => isClient(members));
  const used = new Set<Piece>();
  const merged = read.map(({ piece, members }) => {
    if (!isObject(members) || !said(members, "clientIdHash") || said(members, "clientSecret")) return piece;
    const hash = said(members, "clientIdHash");
    const client = clients.find((one) => one.piece.file === `${hash}.json`) ?? (clients.length === 1 ? clients[0] : undefined);
    if (!client || !isObject(client.members)) return piece;
    used.add(client.piece);
    const { clientId, clientSecret } = { clientId: said(client.members, "clientId"), clientSecret: said(client.members, "clientSecret") };
    return { ...piece, raw: written({ ...members, clientId, clientSecret }) };
  });
  return merged.filter((piece) => !used.has(piece));
}

/** The object to send for a line: what it says, or the refresh token that it is. null: it is neither. */
export function valueOf(raw: string): Members | null {
  const text = raw.trim();
  const value = json(text);
  if (isObject(value)) return value;
  const token = typeof value === "string" ? value.trim() : text;
  return /^[\x21-\x7e]+$/.test(token) && !/^[[{"]/.test(token) ? { refreshToken: token } : null;
}

export type Problem = "json" | "truncated" | "noToken" | "client";

export interface Recognised {
  label: string;
  kind: string;
  /** How it signs in; "": the server will tell. */
  signIn: "social" | "idc" | "api-key" | "";
  region: string;
  /** Members that hold something worth naming. Their values are secrets. */
  holds: string[];
  problem: Problem | null;
}

const WORTH = ["refreshToken", "accessToken", "clientId", "clientSecret", "apiKey", "profileArn", "machineId", "baseUrl", "proxyUrl"];
const SHORTEST_TOKEN = 100;
const WAYS: Record<string, Recognised["signIn"]> = {
  social: "social", google: "social", github: "social", idc: "idc", "builder-id": "idc", builderid: "idc", enterprise: "idc", "api-key": "api-key", api_key: "api-key",
};

/** What a line seems to be. The server has the last word. */
export function recognise(raw: string): Recognised {
  const value = valueOf(raw);
  if (!value) return { label: "", kind: "", signIn: "", region: "", holds: [], problem: "json" };
  const holds = WORTH.filter((name) => said(value, name));
  const kind = said(value, "kind") || "kiro";
  const apiKey = said(value, "apiKey") || said(value, "kiroApiKey");
  const way = WAYS[(said(value, "authMethod") || said(value, "provider")).toLowerCase()];
  const signIn = way ?? (apiKey ? "api-key" : said(value, "clientSecret") ? "idc" : kind === "kiro" ? "social" : "");
  const region = said(value, "authRegion") || said(value, "region");
  return { label: said(value, "label") || said(value, "email"), kind, signIn, region, holds, problem: kind === "kiro" && !apiKey ? problemOf(value, signIn) : null };
}

function problemOf(value: Members, signIn: Recognised["signIn"]): Problem | null {
  const token = said(value, "refreshToken");
  if (!token) return said(value, "accessToken") ? null : "noToken";
  if (token.length < SHORTEST_TOKEN || token.includes("...") || token.includes("…")) return "truncated";
  return signIn === "idc" && !said(value, "clientSecret") ? "client" : null;
}
