/**
 * The operators. Knows the table `operators`; knows nothing of what a scope allows, nor of what the environment holds.
 */

import { conflict } from "../core/errors.ts";
import type { NewOperator, OperatorRecord, Operators, Scope } from "../core/operators.ts";
import { violates } from "./constraints.ts";

interface OperatorRow {
  readonly id: number;
  readonly email: string;
  readonly password_hash: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  /** JSON array. */
  readonly scopes: string;
  readonly of_environment: number;
}

const COLUMNS = "id, email, password_hash, first_name, last_name, scopes, of_environment";

const BY_EMAIL = `SELECT ${COLUMNS} FROM operators WHERE email = ?`;

const INSERT = `
  INSERT INTO operators (email, password_hash, first_name, last_name, scopes, created_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  RETURNING ${COLUMNS}`;

// An operator of that address who was registered before becomes the one that the environment names.
const OF_ENVIRONMENT = `
  INSERT INTO operators (email, password_hash, scopes, of_environment, created_at)
  VALUES (?1, '', '["admin"]', 1, ?2)
  ON CONFLICT (email) DO UPDATE SET password_hash = '', scopes = '["admin"]', of_environment = 1
  RETURNING ${COLUMNS}`;

const toRecord = (row: OperatorRow): OperatorRecord => ({
  id: row.id,
  email: row.email,
  firstName: row.first_name,
  lastName: row.last_name,
  scopes: JSON.parse(row.scopes) as Scope[],
  passwordHash: row.password_hash,
  ofEnvironment: row.of_environment === 1,
});

export function createOperators(db: D1Database): Operators {
  async function findByEmail(email: string): Promise<OperatorRecord | null> {
    const row = await db.prepare(BY_EMAIL).bind(email).first<OperatorRow>();
    return row && toRecord(row);
  }

  return {
    findByEmail,

    async find(id) {
      const row = await db.prepare(`SELECT ${COLUMNS} FROM operators WHERE id = ?`).bind(id).first<OperatorRow>();
      return row && toRecord(row);
    },

    async create({ email, passwordHash, firstName, lastName, scopes }: NewOperator) {
      const values = [email, passwordHash, firstName, lastName, JSON.stringify(scopes), Date.now()];
      try {
        const row = await db
          .prepare(INSERT)
          .bind(...values)
          .first<OperatorRow>();
        if (row === null) throw new Error("the insert of an operator returned no row");
        return toRecord(row);
      } catch (error) {
        if (violates(error, "operators.email")) throw conflict("This e-mail address is taken.", "user");
        throw error;
      }
    },

    async ofEnvironment(email) {
      const known = await findByEmail(email);
      if (known?.ofEnvironment === true) return known;
      const row = await db.prepare(OF_ENVIRONMENT).bind(email, Date.now()).first<OperatorRow>();
      if (row === null) throw new Error("the insert of an operator returned no row");
      return toRecord(row);
    },

    async setPassword(id, hash) {
      await db.prepare("UPDATE operators SET password_hash = ?2 WHERE id = ?1").bind(id, hash).run();
    },
  };
}
