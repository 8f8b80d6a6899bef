/**
 * Knows where one writes: Enter sends, Shift and Enter break the line, and files go up before they are sent.
 * Must not know how a message gets to the server.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/http.ts";
import { upload } from "../state/actions.ts";
import { tell } from "../state/connection.ts";
import { send } from "../state/outbox.ts";
import { TEXT } from "../text.ts";

/** Writing is told again so often, and is over after such a silence. */
const AGAIN_MS = 4_000;
const QUIET_MS = 5_000;
const MOST_FILES = 10;

/** What was not sent when one went to another chat. */
const drafts = new Map<number, string>();

function useWriting(chatId: number) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const told = useRef(0);
  const stop = (): void => {
    clearTimeout(timer.current);
    if (told.current !== 0) tell("typing", { chat_id: chatId, on: false });
    told.current = 0;
  };
  const go = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(stop, QUIET_MS);
    if (Date.now() - told.current < AGAIN_MS) return;
    told.current = Date.now();
    tell("typing", { chat_id: chatId, on: true });
  };
  return { go, stop };
}

export function Composer({ chatId }: { readonly chatId: number }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const note = useSignal("");
  const writing = useWriting(chatId);

  useEffect(() => {
    const input = field.current;
    if (input === null) return;
    input.value = drafts.get(chatId) ?? "";
    if (matchMedia("(min-width: 40.01rem)").matches) input.focus();
    return () => {
      writing.stop();
      drafts.set(chatId, input.value);
    };
  }, [chatId]);

  function submit(): void {
    const input = field.current;
    const text = input?.value.trimEnd() ?? "";
    if (input === null || text.trim() === "") return;
    writing.stop();
    send(chatId, text);
    input.value = "";
    input.focus();
  }

  async function attach(files: readonly File[]): Promise<void> {
    const sent: { id: string; name: string }[] = [];
    const failed: string[] = [];
    for (const file of files) {
      note.value = TEXT.uploading(file.name);
      try {
        const { id, name } = await upload(file);
        sent.push({ id, name });
      } catch (error) {
        failed.push(TEXT.notUploaded(file.name, error instanceof Problem ? error.detail : TEXT.offline));
      }
    }
    note.value = failed.join(" ");
    for (let at = 0; at < sent.length; at += MOST_FILES) send(chatId, "", sent.slice(at, at + MOST_FILES));
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label class="attach" title={TEXT.attach}>
        <span aria-hidden="true">+</span>
        <input
          type="file"
          multiple
          aria-label={TEXT.attach}
          onChange={({ currentTarget }) => {
            void attach([...(currentTarget.files ?? [])]);
            currentTarget.value = "";
          }}
        />
      </label>
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        aria-label={TEXT.write}
        placeholder={TEXT.writeShort}
        onInput={({ currentTarget }) => (currentTarget.value === "" ? writing.stop() : writing.go())}
        onBlur={writing.stop}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <button type="submit" class="primary">
        {TEXT.send}
      </button>
      <p role="status">{note.value}</p>
    </form>
  );
}
