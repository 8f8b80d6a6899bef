/**
 * Knows how a group is made: a title, and people who are picked.
 * Must not know the chats that there are.
 */

import { useSignal } from "@preact/signals";
import type { Person } from "../api/shapes.ts";
import { begin } from "../state/actions.ts";
import { explain } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Dialog } from "./dialog.tsx";
import { FoundPeople, SearchField, useFound } from "./people.tsx";

export function NewGroup({ close }: { readonly close: () => void }) {
  const title = useSignal("");
  const query = useSignal("");
  const picked = useSignal<readonly Person[]>([]);
  const error = useSignal("");
  const busy = useSignal(false);
  const { people, failed } = useFound(query.value);
  const taken = new Set(picked.value.map((person) => person.id));

  const drop = (id: number): void => void (picked.value = picked.value.filter((one) => one.id !== id));
  const pick = (person: Person): void => {
    if (taken.has(person.id)) drop(person.id);
    else picked.value = [...picked.value, person];
  };

  async function create(): Promise<void> {
    const name = title.value.trim();
    error.value = name === "" ? TEXT.titleMissing : "";
    if (name === "") return;
    busy.value = true;
    try {
      await begin(picked.value, name);
      close();
    } catch (thrown) {
      error.value = explain(thrown);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialog title={TEXT.newGroup} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <div class="field">
          <label for="group-title">{TEXT.groupTitle}</label>
          <input
            id="group-title"
            autoFocus
            maxLength={200}
            autocomplete="off"
            aria-invalid={error.value !== ""}
            aria-describedby="group-error"
            onInput={(event) => (title.value = event.currentTarget.value)}
          />
        </div>
        {picked.value.length > 0 && (
          <ul class="picked" aria-label={TEXT.picked}>
            {picked.value.map((person) => (
              <li key={person.id}>
                <button type="button" aria-label={TEXT.remove(person.name)} onClick={() => drop(person.id)}>
                  <bdi>{person.name}</bdi> <span aria-hidden="true">×</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        <SearchField label={TEXT.groupAdd} text={query.value} change={(text) => (query.value = text)} />
        <div class="results">
          <FoundPeople people={people ?? []} pick={pick} taken={taken} />
          <p class="note" role="status">
            {failed ? TEXT.offline : people?.length === 0 && TEXT.nobody}
          </p>
        </div>
        <p class="error" id="group-error" role="alert">
          {error.value}
        </p>
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {TEXT.cancel}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {TEXT.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
