/**
 * Operators: logging in, registering others, and whom a token speaks for. The first one is whom the environment names, with
 * the password that stands there, and exists for as long as it does. Knows no transport.
 */

import { timingSafeEqual } from "node:crypto";
import { authInvalid, conflict, denied, invalidFields } from "../core/errors.ts";
import type { FieldError } from "../core/errors.ts";
import { LIMITS, TOKEN } from "../core/limits.ts";
import { codePoints } from "../core/message.ts";
import type { NewOperator, Operator, OperatorRecord } from "../core/operators.ts";
import { hashOf } from "./keys.ts";
import type { ServicePorts } from "./ports.ts";

export interface OperatorRegistration extends Omit<NewOperator, "passwordHash"> {
  readonly password: string;
}

const EMAIL = /^[^\s@]+@[^\s@]+$/;

function check({ email, password }: OperatorRegistration): void {
  const errors: FieldError[] = [];
  if (email.length > LIMITS.email || !email.isWellFormed() || !EMAIL.test(email))
    errors.push({ path: "email", message: "is no e-mail address" });
  const length = codePoints(password);
  if (length < LIMITS.passwordMin || length > LIMITS.passwordMax)
    errors.push({ path: "password", message: `has ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters` });
  if (errors.length > 0) throw invalidFields(errors);
}

const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));

export const isAdmin = (operator: Operator): boolean => operator.scopes.includes("admin");

export function createOperators({
  directory,
  passwords,
  operatorTokens,
  throttle,
  firstOperator: first,
  now,
}: ServicePorts) {
  const isFirst = (email: string): boolean => first !== null && first.email.toLowerCase() === email.toLowerCase();

  /** What the login of this operator is checked against now; null: they can't log in any more. */
  function credentialOf(record: OperatorRecord): string | null {
    if (!record.ofEnvironment) return record.passwordHash;
    return first !== null && isFirst(record.email) ? first.password : null;
  }

  async function begin(record: OperatorRecord, credential: string): Promise<{ token: string; operator: Operator }> {
    return { token: await operatorTokens.sign(record.id, credential, now() + TOKEN.operatorMs), operator: record };
  }

  async function verify(
    email: string,
    password: string,
  ): Promise<{ record: OperatorRecord; credential: string } | null> {
    const record = await directory.operators.findByEmail(email);
    // Whoever is asked about, and whether they exist or not: it takes as long.
    const { fits, stale } = await passwords.verify(password, record?.passwordHash ?? null);
    if (first !== null && isFirst(email)) {
      if (!isSame(password, first.password)) return null;
      return { record: await directory.operators.ofEnvironment(first.email), credential: first.password };
    }
    if (record === null || !fits || record.ofEnvironment) return null;
    if (!stale) return { record, credential: record.passwordHash };
    const hash = await passwords.hash(password);
    await directory.operators.setPassword(record.id, hash);
    return { record, credential: hash };
  }

  return {
    /** `address`: where the try comes from. @throws auth.invalid, rate.limited */
    async login(email: string, password: string, address: string): Promise<{ token: string; operator: Operator }> {
      await throttle.take("operators", email, address);
      const verified = await verify(email, password);
      if (verified === null) throw authInvalid("The e-mail address or the password is wrong.");
      await throttle.succeeded("operators", email, address);
      return begin(verified.record, verified.credential);
    },

    /** An admin registers another operator. @throws access.denied, input.invalid, conflict where the address is taken */
    async register(by: Operator, registration: OperatorRegistration): Promise<{ token: string; operator: Operator }> {
      if (!isAdmin(by)) throw denied("Only an admin registers operators.", "user");
      check(registration);
      const { password, ...rest } = registration;
      const known = isFirst(rest.email) || (await directory.operators.findByEmail(rest.email)) !== null;
      if (known) throw conflict("This e-mail address is taken.", "user");
      const record = await directory.operators.create({ ...rest, passwordHash: await passwords.hash(password) });
      return begin(record, record.passwordHash);
    },

    /** Who `token` speaks for. @throws auth.invalid */
    async authenticate(token: string): Promise<Operator> {
      const named = await operatorTokens.verify(token);
      const record = named && (await directory.operators.find(named.operator));
      const credential = record && credentialOf(record);
      if (named === null || record === null || credential === null || !(await named.madeWith(credential)))
        throw authInvalid();
      return record;
    },
  };
}
