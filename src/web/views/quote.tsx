/**
 * Knows how the message looks that another one answers.
 * Must not know where it stands.
 */

import { useEffect } from "preact/hooks";
import type { Message } from "../api/shapes.ts";
import { seqOf } from "../api/shapes.ts";
import type { History } from "../state/history.ts";
import { summary } from "../state/names.ts";
import { ensure } from "../state/sync.ts";
import { TEXT } from "../text.ts";

interface Props {
  readonly id: number;
  readonly chatId: number;
  readonly history: History;
  readonly tab: 0 | -1;
  readonly jump: (id: number) => void;
}

export function Quote({ id, chatId, history, tab, jump }: Props) {
  const seq = seqOf(id);
  const message = history.messages.get(seq);
  const isKnown = message !== undefined;
  useEffect(() => {
    if (!isKnown) void ensure(chatId, { from: seq, to: seq }).catch(() => undefined);
  }, [isKnown, seq]);
  return (
    <button
      type="button"
      class="quote"
      tabIndex={tab}
      aria-label={message && TEXT.inReplyTo(message.user.name, summary(message))}
      onClick={() => jump(id)}
    >
      {message === undefined ? "…" : <QuoteLines message={message} />}
    </button>
  );
}

export function QuoteLines({ message }: { readonly message: Message }) {
  return (
    <>
      <span class={`author hue${message.user.id % 8}`}>
        <bdi>{message.user.name}</bdi>
      </span>
      <span class="said" dir="auto">
        {summary(message)}
      </span>
    </>
  );
}
