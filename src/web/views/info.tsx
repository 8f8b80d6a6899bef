/**
 * Knows the page about a chat: of a group its title and members, and what one may do with them; of a direct chat the other
 * one; and how the chat is left or erased.
 * Must not know messages.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chat, Person, Role } from "../api/shapes.ts";
import { begin, eraseChat, putMember, removeMember, rename } from "../state/actions.ts";
import { chatName } from "../state/names.ts";
import { attempt } from "../state/notice.ts";
import { isOnline } from "../state/people.ts";
import type { Place } from "../state/rosters.ts";
import { rosters } from "../state/rosters.ts";
import { show } from "../state/route.ts";
import { session } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { Avatar, ChatAvatar } from "./avatar.tsx";
import { Presence } from "./conversation.tsx";
import { Confirm } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import type { Item } from "./menu.tsx";
import { Menu } from "./menu.tsx";
import { FoundPeople, SearchField, useFound } from "./people.tsx";
import { rove } from "./roving.ts";

type Question = "leave" | "erase";

export function Info({ chat }: { readonly chat: Chat }) {
  const asked = useSignal<Question | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const self = session.value?.user.id ?? 0;
  const roster = rosters.value.get(chat.id);
  const role = roster?.get(self)?.role ?? "member";
  const isDirect = chat.kind === "direct";
  const close = (): void => void (asked.value = null);
  return (
    <section
      class="info"
      aria-label={isDirect ? TEXT.aboutPerson : TEXT.aboutGroup}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) show(chat.id);
      }}
    >
      <header>
        <button type="button" class="round" aria-label={TEXT.close} onClick={() => show(chat.id)}>
          <Icon name="close" />
        </button>
        <h2 ref={heading} tabIndex={-1}>
          {isDirect ? TEXT.aboutPerson : TEXT.aboutGroup}
        </h2>
      </header>
      <div class="body">
        <div class="card">
          <ChatAvatar chat={chat} online={isOnline(chat.peer?.id)} size="large" />
          {isDirect ? (
            <>
              <span class="title">
                <bdi>{chatName(chat)}</bdi>
              </span>
              <small>
                <bdi>@{chat.peer?.username}</bdi>
              </small>
              <small>
                <Presence id={chat.peer?.id ?? 0} />
              </small>
            </>
          ) : (
            <Title chat={chat} />
          )}
        </div>
        {!isDirect && <Members chat={chat} roster={[...(roster?.values() ?? [])]} self={self} role={role} />}
        <div class="ending">
          {!isDirect && (
            <button type="button" class="plain danger" onClick={() => (asked.value = "leave")}>
              <Icon name="leave" /> {TEXT.leave}
            </button>
          )}
          {(isDirect || role === "owner") && (
            <button type="button" class="plain danger" onClick={() => (asked.value = "erase")}>
              <Icon name="trash" /> {TEXT.eraseChat}
            </button>
          )}
        </div>
      </div>
      {asked.value === "leave" && (
        <Confirm
          title={TEXT.leave}
          text={TEXT.reallyLeave(chatName(chat))}
          action={TEXT.leave}
          act={() => removeMember(chat.id, self)}
          close={close}
        />
      )}
      {asked.value === "erase" && (
        <Confirm
          title={TEXT.eraseChat}
          text={TEXT.reallyEraseChat(chatName(chat))}
          action={TEXT.eraseChat}
          act={() => eraseChat(chat.id)}
          close={close}
        />
      )}
    </section>
  );
}

function Title({ chat }: { readonly chat: Chat }) {
  const editing = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (editing.value) field.current?.select();
    else if (wasEditing.current) opener.current?.focus();
    wasEditing.current = editing.value;
  }, [editing.value]);
  if (!editing.value)
    return (
      <>
        <span class="title">
          <bdi>{chatName(chat)}</bdi>
        </span>
        <button type="button" class="plain" ref={opener} onClick={() => (editing.value = true)}>
          <Icon name="edit" /> {TEXT.rename}
        </button>
      </>
    );
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        const title = field.current?.value.trim() ?? "";
        if (title === "" || title === chat.title) editing.value = false;
        else void attempt(() => rename(chat.id, title)).then((ok) => ok && (editing.value = false));
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        editing.value = false;
      }}
    >
      <input ref={field} aria-label={TEXT.groupTitle} defaultValue={chat.title ?? ""} maxLength={200} />
      <button type="submit" class="primary">
        {TEXT.save}
      </button>
    </form>
  );
}

interface MembersProps {
  readonly chat: Chat;
  readonly roster: readonly Place[];
  readonly self: number;
  readonly role: Role;
}

const RANK: Record<Role, number> = { member: 0, admin: 1, owner: 2 };
const SHOWN = 200;

function Members({ chat, roster, self, role }: MembersProps) {
  const query = useSignal("");
  const menu = useSignal<{ member: Place; at: { x: number; y: number } } | null>(null);
  const removing = useSignal<Person | null>(null);
  const handing = useSignal<Person | null>(null);
  const { people, failed } = useFound(query.value);
  const taken = new Set(roster.map(({ user }) => user.id));
  const ordered = roster.toSorted((a, b) => RANK[b.role] - RANK[a.role] || a.user.name.localeCompare(b.user.name));

  const give = (user: Person, to: Role): void => void attempt(() => putMember(chat.id, user.id, to));

  function items({ user, role: theirs }: Place): Item[] {
    const isOwner = role === "owner";
    return [
      { text: TEXT.writeTo, icon: "reply", act: () => void attempt(() => begin([user], null)) },
      ...(isOwner && theirs === "member"
        ? [{ text: TEXT.promote, icon: "crown" as const, act: () => give(user, "admin") }]
        : []),
      ...(isOwner && theirs === "admin"
        ? [{ text: TEXT.demote, icon: "person" as const, act: () => give(user, "member") }]
        : []),
      ...(isOwner ? [{ text: TEXT.handOver, icon: "crown" as const, act: () => (handing.value = user) }] : []),
      ...(RANK[role] >= RANK.admin && RANK[role] > RANK[theirs]
        ? [{ text: TEXT.removeMember, icon: "trash" as const, act: () => (removing.value = user), danger: true }]
        : []),
    ];
  }

  return (
    <>
      <h3>{TEXT.members(chat.members_count)}</h3>
      <SearchField label={TEXT.addMember} text={query.value} change={(text) => (query.value = text)} />
      {people !== null && (
        <div class="results">
          <FoundPeople
            people={people}
            taken={taken}
            pick={(person) => {
              if (taken.has(person.id)) return;
              void attempt(() => putMember(chat.id, person.id)).then((ok) => ok && (query.value = ""));
            }}
          />
          <p class="note" role="status">
            {failed ? TEXT.offline : people.length === 0 && TEXT.nobody}
          </p>
        </div>
      )}
      <ul class="members" onKeyDown={(event) => rove(event, event.currentTarget, "[data-stop]")}>
        {ordered.slice(0, SHOWN).map((member, at) => (
          <Row
            key={member.user.id}
            member={member}
            isSelf={member.user.id === self}
            stop={at === 0}
            open={(place) => (menu.value = { member, at: place })}
          />
        ))}
      </ul>
      {ordered.length > SHOWN && <p class="note">{TEXT.andMore(ordered.length - SHOWN)}</p>}
      {menu.value !== null && (
        <Menu
          label={menu.value.member.user.name}
          items={items(menu.value.member)}
          at={menu.value.at}
          close={() => (menu.value = null)}
        />
      )}
      {removing.value !== null && (
        <Confirm
          title={TEXT.removeMember}
          text={TEXT.reallyRemove(removing.value.name)}
          action={TEXT.removeMember}
          act={async () => {
            if (removing.value !== null) await removeMember(chat.id, removing.value.id);
          }}
          close={() => (removing.value = null)}
        />
      )}
      {handing.value !== null && (
        <Confirm
          title={TEXT.handOver}
          text={TEXT.reallyHandOver(handing.value.name)}
          action={TEXT.handOver}
          act={async () => {
            if (handing.value !== null) await putMember(chat.id, handing.value.id, "owner");
          }}
          close={() => (handing.value = null)}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly member: Place;
  readonly isSelf: boolean;
  readonly stop: boolean;
  readonly open: (at: { x: number; y: number }) => void;
}

function Row({ member: { user, role }, isSelf, stop, open }: RowProps) {
  const online = isOnline(user.id);
  const inside = (
    <>
      <Avatar name={user.name} id={user.id} photo={user.photo} online={online} size="small" />
      <span class="row">
        <span class="name">
          <bdi>{isSelf ? TEXT.youNamed(user.name) : user.name}</bdi>
        </span>
        <small>
          <bdi>@{user.username}</bdi>
          {online && <span class="unseen"> {TEXT.online}</span>}
        </small>
      </span>
      {role !== "member" && <span class="role">{TEXT.roles[role]}</span>}
    </>
  );
  return (
    <li>
      {isSelf ? (
        <div class="item" data-stop tabIndex={stop ? 0 : -1}>
          {inside}
        </div>
      ) : (
        <button
          type="button"
          class="item"
          data-stop
          tabIndex={stop ? 0 : -1}
          aria-haspopup="menu"
          onClick={({ currentTarget }) => {
            const { left, bottom } = currentTarget.getBoundingClientRect();
            open({ x: left + 48, y: bottom });
          }}
        >
          {inside}
          <Icon name="more" />
        </button>
      )}
    </li>
  );
}
