/**
 * Knows how the page asks: in a dialog that keeps the focus, ends with Escape and gives the focus back.
 * Must not know what is asked.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { explain } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Icon } from "./icons.tsx";

interface Props {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  readonly kind?: "wide";
}

export function Dialog({ title, close, children, kind }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    // Closed before it goes, it gives the focus back to where that was.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      class={kind ?? ""}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div class="sheet">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="round" aria-label={TEXT.close} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  /** @throws what is then said; the dialog stays */
  readonly act: () => Promise<unknown>;
  readonly close: () => void;
}

/** The second question before what can't be undone. */
export function Confirm({ title, text, action, act, close }: Question) {
  const error = useSignal("");
  const busy = useSignal(false);
  return (
    <Dialog title={title} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          busy.value = true;
          error.value = "";
          void act()
            .then(close)
            .catch((thrown: unknown) => (error.value = explain(thrown)))
            .finally(() => (busy.value = false));
        }}
      >
        <p class="words" dir="auto">
          {text}
        </p>
        <p class="error" role="alert">
          {error.value}
        </p>
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {TEXT.cancel}
          </button>
          <button type="submit" class="primary danger" disabled={busy.value}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
