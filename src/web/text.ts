/**
 * Knows every English word of the page. A translation is another file of this shape.
 * Must not know where they stand.
 */

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const lasting = (seconds: number): string => {
  if (seconds < 60) return plural(seconds, "second");
  const rest = seconds % 60;
  return `${plural(Math.floor(seconds / 60), "minute")}${rest === 0 ? "" : ` ${plural(rest, "second")}`}`;
};

const KINDS: Readonly<Record<string, string>> = {
  image: "Photo",
  audio: "Audio",
  video: "Video",
  file: "File",
  location: "Location",
  sticker: "Sticker",
  text: "Message",
};

export const TEXT = {
  title: "Parlance",

  // In and out
  welcome: "Welcome back",
  welcomeNew: "Create your account",
  login: "Log in",
  register: "Create account",
  toRegister: "New here? Create an account",
  toLogin: "Have an account? Log in",
  username: "Username",
  usernameHint: "Letters, digits, and _ . -",
  password: "Password",
  passwordHint: "8 characters or more",
  name: "Name (optional)",
  expired: "You were logged out. Log in again to go on.",
  lockedOut: "Too many failed tries.",
  tryIn: (seconds: number): string => `Try again in ${lasting(seconds)}.`,
  unlocked: "You can try again now.",
  wrong: (label: string, message: string): string => (/^[a-z]/.test(message) ? `${label} ${message}` : message),
  logout: "Log out",
  logoutEverywhere: "Log out everywhere",
  everywhere: "You will be logged out on all of your devices.",
  unsent: (count: number): string => `${plural(count, "message")} not sent yet will be lost.`,

  // Oneself
  account: (name: string): string => `Your account: ${name}`,
  profile: "Your profile",
  ownName: "Name",
  choosePhoto: "Choose a photo",
  removePhoto: "Remove the photo",
  noPicture: "That file is no picture that can be shown.",
  save: "Save",
  notifyOn: "Turn on notifications",
  notifyOff: "Turn off notifications",
  notifyBlocked: "Notifications are blocked by the browser.",

  // The list
  chats: "Chats",
  people: "People",
  search: "Search chats and people",
  nobody: "Nobody found.",
  noChats: "No chats yet. Search for somebody to write to, or make a group.",
  loading: "Loading…",
  pick: "Pick a chat, or find somebody to write to.",
  unread: (count: number): string => `${count} unread`,
  untitled: "Untitled",
  draft: "Draft:",
  writing: "writing…",
  online: "online",
  newGroup: "New group",
  groupTitle: "Title",
  groupAdd: "Add people",
  picked: "People in the group",
  titleMissing: "A group needs a title.",
  remove: (name: string): string => `Remove ${name}`,
  create: "Create group",
  cancel: "Cancel",
  close: "Close",

  // The conversation
  messages: "Messages",
  noMessages: "No messages yet",
  sayHello: "No messages yet. Say hello!",
  notLoaded: "The messages could not be loaded. They will be when the server can be reached.",
  retryOlder: "Older messages could not be loaded. Try again",
  newMessages: "New messages",
  newest: "To the newest messages",
  back: "Back to the chats",
  offlineNow: "offline",
  lastSeen: (when: string): string => `last seen ${when}`,
  company: (members: number, online: number): string =>
    `${plural(members, "member")}${online > 0 ? `, ${online} online` : ""}`,
  typing: (names: readonly string[]): string => {
    if (names.length > 2) return "Several people are writing…";
    return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing…`;
  },
  somebody: "Somebody",
  you: "You",
  youNamed: (name: string): string => `${name} (you)`,
  from: (name: string, text: string): string => `${name}: ${text}`,
  nameIn: (name: string, chat: string): string => `${name} in ${chat}`,
  inReplyTo: (name: string, text: string): string => `In reply to ${name}: ${text}`,
  deleted: "This message was deleted",
  edited: "edited",
  sending: "sending…",
  waiting: "waits for the connection",
  notSent: "not sent",
  refused: (why: string): string => `Not sent: ${why}`,
  retry: "Try again",
  discard: "Discard",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  readByOf: (names: readonly string[], all: number): string => {
    if (names.length === 0) return "Read";
    return names.length > 3 ? `Read by ${names.length} of ${all}` : `Read by ${names.join(", ")}`;
  },
  readBy: "Read by",
  readByNobody: "Nobody yet.",
  showAll: "Show all",
  showLess: "Show less",
  actions: "More actions",
  reply: "Reply",
  copy: "Copy text",
  copied: "Copied.",
  notCopied: "The browser does not let this page copy.",
  edit: "Edit",
  erase: "Delete",
  reallyErase: "Delete this message for everyone?",
  kinds: KINDS,
  unknownKind: (kind: string): string => `A message of the kind “${kind}”`,
  filesOf: (count: number): string => plural(count, "file"),
  enlarge: (name: string): string => `Enlarge ${name}`,
  size: (bytes: number): string => {
    if (bytes < 1_000) return `${bytes} B`;
    return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  },

  // Writing
  write: "Write a message",
  writeShort: "Message",
  send: "Send",
  attach: "Attach files",
  staged: "Files to send",
  drop: "Drop files to send them",
  replying: "Reply to",
  editing: "Edit message",
  room: (left: number): string =>
    left < 0 ? `${plural(-left, "character")} too many` : `${plural(left, "character")} left`,
  uploading: (name: string): string => `Uploading ${name}`,
  cancelFile: (name: string): string => `Cancel ${name}`,

  // About a chat
  aboutPerson: "About this person",
  aboutGroup: "About this group",
  members: (count: number): string => plural(count, "member"),
  andMore: (count: number): string => `and ${count} more`,
  addMember: "Add people",
  roles: { member: "Member", admin: "Admin", owner: "Owner" },
  promote: "Make an admin",
  demote: "Make a member",
  handOver: "Make the owner",
  writeTo: "Write to",
  removeMember: "Remove from the group",
  reallyRemove: (name: string): string => `Remove ${name} from this group? They can't read it any more.`,
  reallyHandOver: (name: string): string => `Make ${name} the owner? You will be an admin.`,
  rename: "Rename",
  leave: "Leave the group",
  reallyLeave: (name: string): string => `Leave “${name}”? You can't read it any more until somebody adds you again.`,
  eraseChat: "Erase this chat",
  reallyEraseChat: (name: string): string =>
    `Erase “${name}” with all its messages and files, for everyone in it? This can't be undone.`,

  // The connection
  lost: "No connection to the server.",
  noNetwork: "You are offline.",
  keptForLater: (count: number): string => `${plural(count, "message")} will be sent when it is back.`,
  connecting: "Connecting…",
  againIn: (seconds: number): string => `Next try in ${seconds} s.`,
  tryNow: "Try now",
  updating: "Getting what you missed…",
  // The operators' page
  console: "Operators",
  consoleWelcome: "Operator console",
  email: "E-mail",
  apps: "Apps",
  newApp: "New app",
  appName: "Name",
  verifyUrl: "Address that verifies tokens (optional)",
  jwksUrl: "Address of the signing keys, JWKS (optional)",
  createApp: "Create app",
  noApps: "No apps yet.",
  noSuchApp: "There is no such app.",
  backToApps: "All apps",
  appId: "App id",
  serverUrl: "Server",
  key: "Key",
  hasKey: "set; it was shown once",
  hasNoKey: "none yet",
  newKey: "Make a new key",
  reallyNewKey: "The present key is dead at once, and the connections that it opened are closed.",
  keyOnce: "This is the key. It is shown this once: keep it now.",
  copyIt: (what: string): string => `Copy: ${what}`,
  counts: "In it",
  users: "Users",
  onlineNow: "Online now",
  allUsers: (count: number): string => plural(count, "user"),
  allChats: (count: number): string => plural(count, "chat"),
  allOnline: (count: number): string => `${count} online`,
  noUsers: "No users yet.",
  more: "Show more",
  rooms: "Rooms",
  noRooms: "No rooms yet.",
  settings: "Settings",
  isOpen: "Open: clients of the events dialect may connect without the key",
  isStrict: "Read before send: who has unread messages in a chat reads them before writing there",
  keepDays: "Keep messages for so many days (empty: for ever)",
  reallyKeepDays: (days: number) =>
    `Messages that are older than ${days === 1 ? "a day" : `${days} days`} are deleted from all chats of this app, with their files, from now on. They can't be brought back.`,
  deleteOld: "Delete old messages",
  saved: "Saved.",
  deleteApp: "Delete this app",
  reallyDeleteApp: (name: string): string =>
    `Delete “${name}” with all its users, chats, messages and files? This can't be undone. Write its name to go on.`,
  nameAgain: "The app's name",
  refresh: "Refresh",

  failed: "That did not work. Try again.",
  offline: "The server can't be reached.",
} as const;
