/**
 * The `Content-Disposition` of a form's part: the field's name and the file's.
 * Knows how browsers, curl and older libraries write them; must not know what a good file name is.
 */

/** `name` and `filename` as sent, or null where there is no `form-data` with a name. */
export function parseDisposition(header: string): { name: string; filename: string | null } | null {
  if (!/^form-data\s*(?:;|$)/i.test(header)) return null;
  const found = new Map<string, string>();
  // A quoted value may hold semicolons, and quotes after a backslash.
  for (const [, key = "", quoted, plain = ""] of header.matchAll(
    /;\s*([\w*]+)\s*=\s*(?:"((?:\\["\\]|[^"])*)"|([^\s;"]*))/g,
  )) {
    const value = quoted === undefined ? plain : unquote(quoted);
    if (!found.has(key.toLowerCase())) found.set(key.toLowerCase(), value);
  }
  const name = found.get("name");
  if (name === undefined) return null;
  return { name, filename: extended(found.get("filename*")) ?? found.get("filename") ?? null };
}

/** Browsers write a quote as `%22` and line breaks likewise, and backslashes as they are; others escape by a backslash. */
function unquote(text: string): string {
  return text.replace(/\\(["\\])/g, "$1").replace(/%(?:22|0D|0A)/gi, (code) => decodeURIComponent(code));
}

/** A value of the extended form, `UTF-8''…` (RFC 8187); null where it isn't one. */
function extended(value: string | undefined): string | null {
  const match = /^utf-8'[^']*'(.*)$/i.exec(value ?? "");
  try {
    return match === null ? null : decodeURIComponent(match[1] ?? "");
  } catch {
    return null;
  }
}
