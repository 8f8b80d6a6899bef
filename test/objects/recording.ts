/** A D1 database that notes what is asked of it. Knows the binding's shape, and nothing of what is asked. */

/** `statements`: each SQL text that was prepared, with the values that were last bound to it. */
export function recording(real: D1Database): { db: D1Database; statements: Map<string, unknown[]> } {
  const statements = new Map<string, unknown[]>();
  const prepare = (sql: string): D1PreparedStatement => {
    statements.set(sql, []);
    const statement = real.prepare(sql);
    const bind = (...values: unknown[]): D1PreparedStatement => {
      statements.set(sql, values);
      return statement.bind(...values);
    };
    return new Proxy(statement, { get: (target, name) => (name === "bind" ? bind : Reflect.get(target, name)) });
  };
  const db = new Proxy(real, {
    get(target, name) {
      if (name === "prepare") return prepare;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { db, statements };
}
