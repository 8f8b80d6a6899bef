/**
 * Knows every English word of the page.
 * Must not know where they stand.
 */

const lasting = (seconds: number): string => {
  if (seconds >= 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds > 1 ? `${seconds} seconds` : "a second";
};

export const TEXT = {
  title: "Parlance",
  login: "Log in",
  register: "Create account",
  toRegister: "New here? Create an account",
  toLogin: "Have an account? Log in",
  username: "Username",
  password: "Password",
  name: "Name (optional)",
  logout: "Log out",
  locked: (seconds: number): string => `Too many tries. Try again in ${lasting(seconds)}.`,
  unlocked: "You can try again now.",
  wrong: (label: string, message: string): string => (/^[a-z]/.test(message) ? `${label} ${message}` : message),

  chats: "Chats",
  noChats: "No chats yet. Find somebody to write to.",
  loading: "Loading…",
  pick: "Pick a chat, or find somebody to write to.",
  unread: (count: number): string => `${count} unread`,
  untitled: "Untitled",

  search: "Find people",
  nobody: "Nobody found.",
  newGroup: "New group",
  groupTitle: "Title of the group",
  groupAdd: "Add people",
  remove: (name: string): string => `Remove ${name}`,
  create: "Create group",
  cancel: "Cancel",

  messages: "Messages",
  noMessages: "No messages yet. Say something.",
  older: "Older messages",
  newest: "To the newest",
  back: "Back to the chats",
  deleted: "This message was deleted",
  edited: "edited",
  sending: "sending…",
  waiting: "waits for the connection",
  refused: (why: string): string => `Not sent: ${why}`,
  retry: "Try again",
  discard: "Discard",
  read: "read",
  sent: "sent",
  from: (name: string, text: string): string => `${name}: ${text}`,
  file: "File",
  size: (bytes: number): string => {
    if (bytes < 1_000) return `${bytes} B`;
    return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  },
  typing: (names: readonly string[]): string => {
    if (names.length > 2) return "Several people are writing…";
    return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing…`;
  },
  somebody: "Somebody",

  write: "Write a message",
  writeShort: "Message",
  send: "Send",
  attach: "Attach a file",
  uploading: (name: string): string => `Uploading ${name}…`,
  notUploaded: (name: string, why: string): string => `${name}: ${why}`,

  lost: "No connection. Trying again…",
  failed: "That did not work. Try again.",
  offline: "The server can't be reached.",
} as const;
