/** What D1 says when a constraint refuses a statement. Knows its error texts, and nothing of tables. */

/** Whether `error` says that the UNIQUE or NOT NULL constraint over `column` (as `table.column`) was violated. */
export function violates(error: unknown, column: string): boolean {
  return error instanceof Error && /constraint failed/.test(error.message) && error.message.includes(column);
}
