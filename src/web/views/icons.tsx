/**
 * Knows the pictures on the buttons. They say nothing by themselves: the button has the words.
 * Must not know what a button does.
 */

const PATHS = {
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 16-3-7z",
  attach:
    "M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.300 3.300 0 0 1 4.700 4.700L9.500 17a1.700 1.700 0 0 1-2.400-2.400L14.500 7",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  reply: "M10 8L5 12l5 4M5 12h9a5 5 0 0 1 5 5v2",
  group:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14a6.500 6.500 0 0 1 3.500 6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.600v.01",
  down: "M6 10l6 6 6-6",
  file: "M13.500 3H7a1.500 1.500 0 0 0-1.500 1.500v15A1.500 1.500 0 0 0 7 21h10a1.500 1.500 0 0 0 1.500-1.500V8zM13.500 3v5h5",
  place:
    "M12 21s7-6.300 7-11.500a7 7 0 1 0-14 0C5 14.700 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  edit: "M4 20h4L19.500 8.500a2.100 2.100 0 0 0-3-3L5 17zM14.500 7.500l3 3",
  copy: "M9 9h10.500v11.500H9zM5.500 15V3.500H16",
  trash: "M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10.500 11v5M13.500 11v5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  leave: "M14 4H6v16h8M10.500 12H21M17.500 8.500L21 12l-3.500 3.500",
  add: "M12 5v14M5 12h14",
  bell: "M6 17V11a6 6 0 1 1 12 0v6l1.500 2h-15zM10 21h4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500a7.500 7.500 0 0 1 15 0",
  room: "M4 9.500h16M4 14.500h16M10 4L8 20M16 4l-2 16",
  save: "M12 4v11M7.500 11l4.500 4.500L16.500 11M5 20h14",
  warn: "M12 4L2.500 20h19zM12 10v5M12 17.500v.01",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.500l3.500 2",
  sent: "M5 12.500l4.500 4.500L19 7.500",
  seen: "M1.500 12.500L6 17l9.500-9.500M11.500 15.500L13 17l9.500-9.500",
  crown: "M4 18h16l1-10-5 4-4-6.500L8 12 3 8z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
