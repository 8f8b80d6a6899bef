/**
 * Knows how a message looks that the server does not have yet, or does not take.
 * Must not know how it is sent.
 */

import { connected } from "../state/connection.ts";
import type { Pending } from "../state/outbox.ts";
import { discard, retry } from "../state/outbox.ts";
import { TEXT } from "../text.ts";

export function PendingView({ pending }: { readonly pending: Pending }) {
  const { clientId, text, files, refused } = pending;
  return (
    <li class="message own pending">
      {files.map((file) => (
        <bdi key={file.id} class="file">
          {file.name}
        </bdi>
      ))}
      {text !== "" && (
        <p class="text" dir="auto">
          {text}
        </p>
      )}
      {refused === null ? (
        <footer>{connected.value ? TEXT.sending : TEXT.waiting}</footer>
      ) : (
        <footer>
          <span class="error" role="alert">
            {TEXT.refused(refused)}
          </span>
          <button type="button" class="link" onClick={() => retry(clientId)}>
            {TEXT.retry}
          </button>
          <button type="button" class="link" onClick={() => discard(clientId)}>
            {TEXT.discard}
          </button>
        </footer>
      )}
    </li>
  );
}
