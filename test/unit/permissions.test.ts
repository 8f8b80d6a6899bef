import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHAT_KINDS } from "../../src/core/chat.ts";
import { isFailure } from "../../src/core/errors.ts";
import { userId } from "../../src/core/ids.ts";
import type { Role } from "../../src/core/people.ts";
import { ROLES } from "../../src/core/people.ts";
import {
  checkAdd,
  checkDelete,
  checkEdit,
  checkErase,
  checkRemove,
  checkRename,
  checkRole,
  heir,
} from "../../src/core/permissions.ts";

const [ME, OTHER] = [userId(1), userId(2)];

function may(rule: () => void): boolean {
  try {
    rule();
    return true;
  } catch (thrown) {
    if (!isFailure(thrown, "access.denied")) throw thrown;
    return false;
  }
}

/** Which roles may do something, in a group and in a room alike. */
const allowed = (rule: (kind: "group" | "room", role: Role) => void): Role[] => {
  const inGroup = ROLES.filter((role) => may(() => rule("group", role)));
  expect(ROLES.filter((role) => may(() => rule("room", role)))).toEqual(inGroup);
  return inGroup;
};

describe("who may do what in a group or a room", () => {
  const all = ["member", "admin", "owner"];
  it.each<[what: string, rule: (kind: "group" | "room", role: Role) => void, roles: string[]]>([
    ["rename it", (kind) => checkRename(kind), all],
    ["add a member", (kind, role) => checkAdd(kind, role, "member"), all],
    ["add an admin", (kind, role) => checkAdd(kind, role, "admin"), ["owner"]],
    ["give a role", (kind, role) => checkRole(kind, role), ["owner"]],
    ["leave", (kind, role) => checkRemove(kind, { id: ME, role }, { id: ME, role }), all],
    ["erase it", (kind, role) => checkErase(kind, role), ["owner"]],
    ["delete one's own message", (kind, role) => checkDelete(kind, { id: ME, role }, ME), all],
    ["delete another's message", (kind, role) => checkDelete(kind, { id: ME, role }, OTHER), ["admin", "owner"]],
    [
      "remove a member",
      (kind, role) => checkRemove(kind, { id: ME, role }, { id: OTHER, role: "member" }),
      ["admin", "owner"],
    ],
    ["remove an admin", (kind, role) => checkRemove(kind, { id: ME, role }, { id: OTHER, role: "admin" }), ["owner"]],
    ["remove the owner", (kind, role) => checkRemove(kind, { id: ME, role }, { id: OTHER, role: "owner" }), []],
  ])("%s", (_, rule, roles) => expect(allowed(rule)).toEqual(roles));

  it("nobody adds an owner: the role passes on from the one who has it", () => {
    for (const kind of CHAT_KINDS)
      for (const role of ROLES) expect(may(() => checkAdd(kind, role, "owner"))).toBe(false);
  });
});

describe("in a direct chat", () => {
  it("either side erases it, and deletes what is theirs", () => {
    for (const role of ROLES) {
      expect(may(() => checkErase("direct", role))).toBe(true);
      expect(may(() => checkDelete("direct", { id: ME, role }, ME))).toBe(true);
      expect(may(() => checkDelete("direct", { id: ME, role }, OTHER))).toBe(false);
    }
  });

  it("there is no title, no other members, no roles, and nobody leaves it", () => {
    for (const role of ROLES) {
      expect(may(() => checkRename("direct"))).toBe(false);
      expect(may(() => checkAdd("direct", role, "member"))).toBe(false);
      expect(may(() => checkRole("direct", role))).toBe(false);
      expect(may(() => checkRemove("direct", { id: ME, role }, { id: ME, role }))).toBe(false);
    }
  });
});

describe("a message", () => {
  it("is edited by its author alone", () => {
    expect(may(() => checkEdit(ME, ME))).toBe(true);
    expect(may(() => checkEdit(ME, OTHER))).toBe(false);
  });
});

describe("the heir of an owner who left", () => {
  const members = fc.array(fc.record({ role: fc.constantFrom<Role>("member", "admin"), n: fc.integer() }));

  it("is the first admin, else the first member, else nobody", () => {
    fc.assert(
      fc.property(members, (all) => {
        const next = heir(all);
        const admins = all.filter((one) => one.role === "admin");
        expect(next).toBe(admins.length > 0 ? admins[0] : all[0]);
      }),
    );
  });
});
