/**
 * Knows a menu that a button opens: with arrows, Home, End and Escape, and with the focus back where it was.
 * Must not know what its items do.
 */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { IconName } from "./icons.tsx";
import { Icon } from "./icons.tsx";

export interface Item {
  readonly text: string;
  readonly icon: IconName;
  readonly act: () => void;
  readonly danger?: boolean;
}

interface Props {
  readonly label: string;
  readonly items: readonly Item[];
  /** Where it is opened, in pixels of the window. */
  readonly at: { readonly x: number; readonly y: number };
  readonly close: () => void;
}

const EDGE = 8;

export function Menu({ label, items, at, close }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef(document.activeElement);

  useLayoutEffect(() => {
    const menu = box.current;
    if (menu === null) return;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(EDGE, Math.min(at.x, innerWidth - width - EDGE))}px`;
    menu.style.top = `${at.y + height + EDGE > innerHeight ? Math.max(EDGE, at.y - height) : at.y}px`;
  }, [at]);
  useEffect(() => {
    box.current?.querySelector("button")?.focus();
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", away);
    addEventListener("blur", close);
    return () => {
      document.removeEventListener("pointerdown", away);
      removeEventListener("blur", close);
    };
  }, []);

  function end(): void {
    close();
    if (opener.current instanceof HTMLElement) opener.current.focus();
  }

  function key(event: KeyboardEvent): void {
    const buttons = [...(box.current?.querySelectorAll("button") ?? [])];
    const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: now + 1, ArrowUp: now - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") end();
    else if (to === undefined) return;
    else buttons[to % buttons.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="menu" role="menu" aria-label={label} ref={box} onKeyDown={key}>
      {items.map(({ text, icon, act, danger }) => (
        <button
          key={text}
          type="button"
          role="menuitem"
          tabIndex={-1}
          class={danger === true ? "danger" : ""}
          onClick={() => {
            end();
            act();
          }}
        >
          <Icon name={icon} />
          {text}
        </button>
      ))}
    </div>
  );
}
