/**
 * Log lines: one JSON object each, with an event name and ids. Never a message's text, a token or a password:
 * callers hand over ids only, and of a fault only its class and its place in our code.
 */

type Field = string | number | boolean | null | undefined;

export function log(event: string, fields: { readonly [name: string]: Field } = {}): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** Logs what was thrown and is no failure of the catalogue. Its message may quote input, so the stack's frames alone are kept. */
export function logFault(where: string, fault: unknown, fields: { readonly [name: string]: Field } = {}): void {
  const error = fault instanceof Error ? fault : undefined;
  const frames =
    error?.stack
      ?.split("\n")
      .filter((line) => line.trimStart().startsWith("at "))
      .slice(0, 6) ?? [];
  console.log(
    JSON.stringify({
      event: "fault",
      where,
      kind: error?.name ?? typeof fault,
      at: frames.map((line) => line.trim()),
      ...fields,
    }),
  );
}
