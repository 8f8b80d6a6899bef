/**
 * Knows how to begin a chat: with one person who is found, or a group of several.
 * Must not know the chats that there are.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/http.ts";
import type { Person } from "../api/shapes.ts";
import { findPeople, openChat } from "../state/actions.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "./names.tsx";

const PAUSE_MS = 200;
/** Its button stands after the search, which must not send it. */
const FORM = "new-group";

export function Begin() {
  const group = useSignal(false);
  const picked = useSignal<readonly Person[]>([]);
  const failed = useSignal("");

  async function begin(members: readonly Person[], title: string | null): Promise<void> {
    failed.value = "";
    try {
      await openChat(members, title);
      cancel();
    } catch (error) {
      failed.value = error instanceof Problem && error.detail !== "" ? error.detail : TEXT.failed;
    }
  }

  function pick(person: Person): void {
    if (!group.value) void begin([person], null);
    else if (picked.value.every((one) => one.id !== person.id)) picked.value = [...picked.value, person];
  }

  function cancel(): void {
    group.value = false;
    picked.value = [];
  }

  return (
    <section class="begin">
      {group.value && (
        <NewGroup
          picked={picked.value}
          remove={(id) => (picked.value = picked.value.filter((one) => one.id !== id))}
          create={(title) => void begin(picked.value, title)}
        />
      )}
      <Search label={group.value ? TEXT.groupAdd : TEXT.search} pick={pick} />
      {group.value ? (
        <div class="line">
          <button type="submit" form={FORM} class="primary">
            {TEXT.create}
          </button>
          <button type="button" class="link" onClick={cancel}>
            {TEXT.cancel}
          </button>
        </div>
      ) : (
        <button type="button" class="link" onClick={() => (group.value = true)}>
          {TEXT.newGroup}
        </button>
      )}
      <p class="error" role="alert">
        {failed.value}
      </p>
    </section>
  );
}

function Search({ label, pick }: { readonly label: string; readonly pick: (person: Person) => void }) {
  const query = useSignal("");
  const found = useSignal<readonly Person[] | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function search(text: string): void {
    query.value = text;
    clearTimeout(timer.current);
    if (text.trim() === "") found.value = null;
    else timer.current = setTimeout(() => void look(text), PAUSE_MS);
  }

  async function look(text: string): Promise<void> {
    const people = await findPeople(text.trim()).catch(() => []);
    // Answers may overtake each other.
    if (query.value === text) found.value = people;
  }

  return (
    <>
      <input
        type="search"
        value={query.value}
        aria-label={label}
        placeholder={label}
        onInput={(event) => search(event.currentTarget.value)}
      />
      <ul class="found">
        {found.value?.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              class="item"
              onClick={() => {
                search("");
                pick(person);
              }}
            >
              <Avatar name={person.name} id={person.id} />
              <span class="row">
                <bdi class="name">{person.name}</bdi>
                <small>@{person.username}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p class="note" role="status">
        {found.value?.length === 0 && TEXT.nobody}
      </p>
    </>
  );
}

interface NewGroupProps {
  readonly picked: readonly Person[];
  readonly remove: (id: number) => void;
  readonly create: (title: string) => void;
}

function NewGroup({ picked, remove, create }: NewGroupProps) {
  const title = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      id={FORM}
      onSubmit={(event) => {
        event.preventDefault();
        if (title.value.trim() !== "") create(title.value.trim());
      }}
    >
      <input
        aria-label={TEXT.groupTitle}
        placeholder={TEXT.groupTitle}
        required
        maxLength={200}
        ref={field}
        onInput={(event) => (title.value = event.currentTarget.value)}
      />
      <ul class="picked">
        {picked.map((person) => (
          <li key={person.id}>
            <button type="button" aria-label={TEXT.remove(person.name)} onClick={() => remove(person.id)}>
              <bdi>{person.name}</bdi> ×
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}
