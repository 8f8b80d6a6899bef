/** Says in an OpenAPI document what schemas made of code say at too great a length. Knows JSON Schema; knows no route. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isDigits = (schema: Json): boolean =>
  isObject(schema) && schema["type"] === "string" && schema["pattern"] === "^[0-9]{1,16}$";

/** Of `an integer, or its digits as a string` only the integer, of `X or null` one schema with two types. */
function alternatives(schemas: readonly Json[]): { readonly [key: string]: Json } {
  const integer = schemas.find((one) => isObject(one) && one["type"] === "integer");
  const rest = integer === undefined ? schemas : schemas.filter((one) => !isDigits(one));
  const [only, other] = rest;
  if (rest.length === 1 && isObject(only)) return only;
  if (rest.length === 2 && isObject(only) && typeof only["type"] === "string" && !("enum" in only)) {
    if (isObject(other) && other["type"] === "null") return { ...only, type: [only["type"], "null"] };
  }
  return { anyOf: rest };
}

/** What any safe integer satisfies, or a format implies, need not be said. */
function isNoise(key: string, value: Json, schema: { readonly [key: string]: Json }): boolean {
  if (key === "minimum" || key === "maximum") return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  return key === "pattern" && (schema["format"] === "date-time" || schema["format"] === "uuid");
}

export function tidy(value: Json): Json {
  if (Array.isArray(value)) return value.map(tidy);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, Json][] =>
    isNoise(key, inner, value) ? [] : [[key, tidy(inner)]],
  );
  const { anyOf, ...rest } = Object.fromEntries(entries);
  return Array.isArray(anyOf) ? { ...rest, ...alternatives(anyOf) } : Object.fromEntries(entries);
}
