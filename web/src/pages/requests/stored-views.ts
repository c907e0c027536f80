/** Named filters, kept in this browser. */

export interface View {
  name: string;
  /** The query of the address, without "?". */
  query: string;
}

const STORED = "headgate-request-views";

function isView(found: unknown): found is View {
  return typeof found === "object" && found !== null && "name" in found && "query" in found && typeof found.name === "string" && typeof found.query === "string";
}

/** What is stored, by name; whatever cannot be read is no view. */
export function storedViews(): View[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(found) ? found.filter(isView) : [];
  } catch {
    return [];
  }
}

/** With `view` in the place of the one of its name; answers all. */
export function keepView(view: View): View[] {
  const all = [...storedViews().filter(({ name }) => name !== view.name), view].sort((a, b) => a.name.localeCompare(b.name));
  localStorage.setItem(STORED, JSON.stringify(all));
  return all;
}

export function dropView(name: string): View[] {
  const all = storedViews().filter((view) => view.name !== name);
  localStorage.setItem(STORED, JSON.stringify(all));
  return all;
}
