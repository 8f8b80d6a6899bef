/** Values that fit a JSON schema, with ids that exist. Knows the schemas of our documents; judges nothing. */

import type { Hostile } from "./hostile.ts";
import type { Random } from "./random.ts";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** What a name asks for: an id or a name of something that is there. Undefined: it asks for nothing that is known. @param parent the name around it */
export type Known = (name: string, parent: string) => string | number | undefined;

const isText = ({ type, anyOf, format }: Schema): boolean =>
  type === "string" && anyOf === undefined && format === undefined;

export class Values {
  readonly #random: Random;
  readonly #hostile: Hostile;
  readonly #known: Known;
  readonly #components: Readonly<Record<string, Schema>>;

  constructor(random: Random, hostile: Hostile, known: Known, components: Readonly<Record<string, Schema>> = {}) {
    this.#random = random;
    this.#hostile = hostile;
    this.#known = known;
    this.#components = components;
  }

  /** A value that fits, but where `wrong` (0 to 1) says otherwise. */
  of(schema: Schema, name: string, wrong: number): unknown {
    if (this.#random.is(wrong * 0.3)) return this.#hostile.value();
    const value = this.#fitting(schema, name, "", wrong, 0);
    return this.#random.is(wrong * 0.5) ? this.#hostile.mutated(value) : value;
  }

  #fitting(schema: Schema, name: string, parent: string, wrong: number, depth: number): unknown {
    const random = this.#random;
    if (schema.$ref !== undefined) {
      return this.#fitting(this.#components[schema.$ref.split("/").at(-1) ?? ""] ?? {}, name, parent, wrong, depth + 1);
    }
    if (schema.const !== undefined) return schema.const;
    const choices = schema.anyOf ?? schema.oneOf;
    const holds = (one: Schema): boolean => one.type === "array" || one.type === "object" || one.$ref !== undefined;
    const isScalar = !holds(schema) && choices?.some(holds) !== true;
    if (isScalar && random.is(wrong * 0.1)) return this.#hostile.value();
    const known = isScalar && random.is(0.9) ? this.#known(name, parent) : undefined;
    // A text is mostly a text, whatever it is called.
    if (known !== undefined && !(typeof known === "number" && isText(schema) && schema.pattern === undefined))
      return known;
    if (schema.enum !== undefined) return random.of(schema.enum);
    if (choices !== undefined) return this.#fitting(random.of(choices), name, parent, wrong, depth + 1);
    if (schema.allOf !== undefined) return this.#fitting(random.of(schema.allOf), name, parent, wrong, depth + 1);
    const type = typeof schema.type === "string" ? schema.type : random.of(schema.type ?? ["string", "object"]);
    if (depth > 6) return null;
    switch (type) {
      case "object":
        return Object.fromEntries(
          Object.entries(schema.properties ?? {})
            .filter(([field]) => random.is(schema.required?.includes(field) ? 1 - wrong * 0.05 : 0.4))
            .map(([field, of]) => [field, this.#fitting(of, field, name, wrong, depth + 1)]),
        );
      case "array":
        return random.several(0, 3, () => this.#fitting(schema.items ?? {}, name, parent, wrong, depth + 1));
      case "integer":
      case "number":
        return random.of([1, 2, 3, 50, schema.minimum ?? 0, schema.maximum ?? 100]);
      case "boolean":
        return random.is(0.5);
      case "null":
        return null;
      default:
        if (schema.pattern?.includes("\\d") || schema.pattern?.includes("0-9")) return String(random.below(60));
        return random.of(["hello", "a", "Ann Lee", "ünïcödé", `text ${random.below(1000)}`]);
    }
  }
}
