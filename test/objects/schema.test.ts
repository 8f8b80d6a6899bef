// An object that slept through an upgrade steps forward when it wakes, once, and wholly or not at all.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { SchemaStep } from "../../src/objects/sql.ts";
import { Meta, migrate } from "../../src/objects/sql.ts";

const steps: readonly SchemaStep[] = [
  (sql) => sql.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT) STRICT"),
  (sql) => sql.exec("ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'"),
];

/** A fresh object, for its storage alone. */
const withStorage = (name: string, work: (storage: DurableObjectStorage) => void): Promise<void> =>
  runInDurableObject(env.INBOX.getByName(name), (_, { storage }) => work(storage));

describe("the schema of an object", () => {
  it("goes from version to version and keeps what is stored", () =>
    withStorage("user:900001", (storage) => {
      migrate(storage, steps.slice(0, 1));
      storage.sql.exec("INSERT INTO notes (text) VALUES ('kept')");
      migrate(storage, steps);
      migrate(storage, steps);
      expect(storage.sql.exec("SELECT text, colour FROM notes").toArray()).toEqual([{ text: "kept", colour: "none" }]);
      expect(new Meta(storage.sql).get("schema")).toBe("2");
    }));

  it("stays where it was if a step fails, and takes it again the next time", () =>
    withStorage("user:900002", (storage) => {
      migrate(storage, steps.slice(0, 1));
      const broken: SchemaStep = (sql) => {
        sql.exec("CREATE TABLE half (id INTEGER)");
        throw new Error("in the middle");
      };
      expect(() => migrate(storage, [...steps.slice(0, 1), broken])).toThrow("in the middle");
      expect(new Meta(storage.sql).get("schema")).toBe("1");
      expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'half'").toArray()).toEqual([]);
      migrate(storage, steps);
      expect(new Meta(storage.sql).get("schema")).toBe("2");
    }));
});
