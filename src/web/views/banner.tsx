/**
 * Knows how the page says what is going on with its connection, and what went wrong just now.
 * Must not know what either is about.
 */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hurry, link } from "../state/connection.ts";
import { notice, say } from "../state/notice.ts";
import { outbox } from "../state/outbox.ts";
import { updating } from "../state/sync.ts";
import { TEXT } from "../text.ts";
import { Icon } from "./icons.tsx";

/** What takes less than this is not worth a word. */
const PATIENCE_MS = 1_200;

/** Whether `what` has been going on for a while. */
function useLasting(what: boolean): boolean {
  const lasting = useSignal(false);
  useEffect(() => {
    if (!what) {
      lasting.value = false;
      return;
    }
    const timer = setTimeout(() => (lasting.value = true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [what]);
  return what && lasting.value;
}

export function Banner() {
  const now = useSignal(Date.now());
  const { value } = link;
  const waiting = value.state === "waiting";
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, [waiting]);
  const isLost = useLasting(value.state !== "open");
  const isUpdating = useLasting(value.state === "open" && updating.value);
  const unsent = outbox.value.filter((item) => item.refused === null).length;
  const seconds = waiting ? Math.max(1, Math.ceil((value.until - now.value) / 1_000)) : 0;
  const shown = waiting || isLost;
  return (
    <div class={shown ? "banner lost" : "banner"}>
      <p role="status">
        {shown && (navigator.onLine ? TEXT.lost : TEXT.noNetwork)}
        {shown && unsent > 0 && ` ${TEXT.keptForLater(unsent)}`}
        {!shown && isUpdating && TEXT.updating}
      </p>
      {shown && (
        <span aria-hidden="true" class="countdown">
          {waiting ? TEXT.againIn(seconds) : TEXT.connecting}
        </span>
      )}
      {waiting && (
        <button type="button" class="link" onClick={hurry}>
          {TEXT.tryNow}
        </button>
      )}
    </div>
  );
}

export function Notice() {
  return (
    <div class={notice.value === "" ? "notice" : "notice shown"}>
      <p role="alert" dir="auto">
        {notice.value}
      </p>
      {notice.value !== "" && (
        <button type="button" class="round" aria-label={TEXT.close} onClick={() => say("")}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
