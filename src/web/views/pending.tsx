/**
 * Knows how a message looks that the server does not have yet, or does not take.
 * Must not know how it is sent.
 */

import { connected } from "../state/connection.ts";
import type { Pending, PendingFile } from "../state/outbox.ts";
import { discard, discardFile, progress, retry } from "../state/outbox.ts";
import { TEXT } from "../text.ts";
import { LocalFile } from "./files.tsx";
import { Icon } from "./icons.tsx";
import { emojiClass, Rich } from "./rich.tsx";

export function PendingView({ pending }: { readonly pending: Pending }) {
  const { text, files, refused } = pending;
  return (
    <li class={`message own pending begins ends ${refused === null ? "" : "refused"}`}>
      <div class="bubble">
        <span class="unseen">{TEXT.you}: </span>
        {files.map((file) => (
          <Rising key={file.key} file={file} pending={pending} />
        ))}
        <div class="flow">
          {text !== "" && (
            <div class={`text ${emojiClass(text)} ${text.length > 1_800 ? "cut" : ""}`} dir="auto">
              <Rich text={text} tab={0} />
            </div>
          )}
          <footer>
            {refused === null ? (
              <>
                <span>{connected.value ? TEXT.sending : TEXT.waiting}</span>
                <Icon name="clock" />
                {!connected.value && (
                  <button type="button" class="link" onClick={() => discard(pending)}>
                    {TEXT.cancel}
                  </button>
                )}
              </>
            ) : (
              <>
                <span class="error" role="alert">
                  {TEXT.refused(refused)}
                </span>
                <button type="button" class="link" onClick={() => retry(pending)}>
                  {TEXT.retry}
                </button>
                <button type="button" class="link" onClick={() => discard(pending)}>
                  {TEXT.discard}
                </button>
              </>
            )}
          </footer>
        </div>
      </div>
    </li>
  );
}

function Rising({ file, pending }: { readonly file: PendingFile; readonly pending: Pending }) {
  const part = file.id === null ? (progress.value.get(file.key) ?? 0) : 1;
  return (
    <div class="file rising">
      <LocalFile blob={file.blob} name={file.name} />
      {file.id === null && pending.refused === null && (
        <progress max={1} value={part} aria-label={TEXT.uploading(file.name)} />
      )}
      {file.id === null && (
        <button
          type="button"
          class="round"
          aria-label={TEXT.cancelFile(file.name)}
          onClick={() => discardFile(pending, file.key)}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
