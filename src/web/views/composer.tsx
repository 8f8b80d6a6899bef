/** Where one writes: Enter sends, Shift and Enter break the line; files go up first. Knows the outbox; knows no list. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Problem } from "../api/http.ts";
import { say, setWriting, upload } from "../state/live.ts";
import { TEXT } from "../text.ts";

const QUIET_MS = 3_000;

export function Composer({ chatId }: { readonly chatId: number }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const note = useSignal("");
  const writing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function stopWriting(): void {
    if (writing.current === undefined) return;
    clearTimeout(writing.current);
    writing.current = undefined;
    setWriting(chatId, false);
  }

  function noteWriting(): void {
    if (writing.current === undefined) setWriting(chatId, true);
    clearTimeout(writing.current);
    writing.current = setTimeout(stopWriting, QUIET_MS);
  }

  function send(): void {
    const text = field.current?.value.trimEnd() ?? "";
    if (text === "" || field.current === null) return;
    stopWriting();
    say(chatId, text);
    field.current.value = "";
    field.current.focus();
  }

  async function attach(input: HTMLInputElement): Promise<void> {
    const files = [...(input.files ?? [])].slice(0, 10);
    input.value = "";
    if (files.length === 0) return;
    note.value = TEXT.uploading;
    try {
      const ids: string[] = [];
      for (const file of files) ids.push((await upload(file)).id);
      say(chatId, "", ids);
      note.value = "";
    } catch (error) {
      note.value = error instanceof Problem ? error.detail : TEXT.offline;
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="attach" title={TEXT.attach}>
        <span aria-hidden="true">+</span>
        <input type="file" multiple aria-label={TEXT.attach} onChange={(event) => void attach(event.currentTarget)} />
      </label>
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        aria-label={TEXT.write}
        placeholder={TEXT.write}
        onInput={noteWriting}
        onBlur={stopWriting}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button class="primary">{TEXT.send}</button>
      <p role="status">{note.value}</p>
    </form>
  );
}
