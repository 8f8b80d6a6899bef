/**
 * Knows how people are searched and found.
 * Must not know what they are looked for.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { FoundPerson, Person } from "../api/shapes.ts";
import { findPeople } from "../state/actions.ts";
import { isOnline } from "../state/people.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "./avatar.tsx";
import { Icon } from "./icons.tsx";
import { rove } from "./roving.ts";

const PAUSE_MS = 200;

/** Those whom the server finds for a text, a moment after it was written; null while there is no text. */
export function useFound(text: string): { readonly people: readonly FoundPerson[] | null; readonly failed: boolean } {
  const found = useSignal<{ people: readonly FoundPerson[] | null; failed: boolean }>({ people: null, failed: false });
  const wanted = useRef("");
  const query = text.trim();
  useEffect(() => {
    wanted.current = query;
    if (query === "") {
      found.value = { people: null, failed: false };
      return;
    }
    const timer = setTimeout(() => {
      findPeople(query)
        // Answers may overtake each other.
        .then((people) => wanted.current === query && (found.value = { people, failed: false }))
        .catch(() => wanted.current === query && (found.value = { people: [], failed: true }));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [query]);
  return found.value;
}

interface SearchProps {
  readonly label: string;
  readonly text: string;
  readonly change: (text: string) => void;
  readonly focus?: boolean;
}

/** The field; Down goes to what was found, Escape empties it. */
export function SearchField({ label, text, change, focus = false }: SearchProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        value={text}
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text !== "") {
            event.preventDefault();
            event.stopPropagation();
            change("");
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            event.currentTarget
              .closest("nav, dialog, section")
              ?.querySelector<HTMLElement>(".found [data-stop]")
              ?.focus();
          }
        }}
      />
    </div>
  );
}

interface FoundProps {
  readonly people: readonly Person[];
  readonly pick: (person: Person) => void;
  /** Of those, it is said that they are taken. */
  readonly taken?: ReadonlySet<number>;
}

export function FoundPeople({ people, pick, taken }: FoundProps) {
  return (
    <ul class="found" onKeyDown={(event) => rove(event, event.currentTarget, "[data-stop]")}>
      {people.map((person, at) => (
        <li key={person.id}>
          <button
            type="button"
            class="item"
            data-stop
            tabIndex={at === 0 ? 0 : -1}
            aria-pressed={taken === undefined ? undefined : taken.has(person.id)}
            onClick={() => pick(person)}
          >
            <Avatar name={person.name} id={person.id} photo={person.photo} online={isOnline(person.id)} />
            <span class="row">
              <span class="name">
                <bdi>{person.name}</bdi>
              </span>
              <small>
                <bdi>@{person.username}</bdi>
                {isOnline(person.id) && <span class="unseen"> {TEXT.online}</span>}
              </small>
            </span>
            {taken?.has(person.id) === true && <Icon name="sent" />}
          </button>
        </li>
      ))}
    </ul>
  );
}
