/** Every number that someone may want to turn, with its reason. Knows nothing of who applies it. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

export const LIMITS = {
  /** Code points of a text, after trimming its end. */
  text: 10_000,
  /** Code points of a chat's title. */
  title: 200,
  /** Code points of a name shown. */
  name: 200,
  /** Characters of a photo's address. */
  photo: 2_048,
  /** Characters of an e-mail address (RFC 5321). */
  email: 254,
  username: 64,
  /** Code points of the id by which another system knows a user. */
  externalId: 255,
  /** Characters of a token that a tenant issued: it travels in an address. */
  tenantToken: 4_096,
  /** Characters of a tenant's verification or JWKS address. */
  tenantUrl: 2_048,
  /** Users in one answer to an operator. */
  operatorPage: 1_000,
  passwordMin: 8,
  passwordMax: 128,
  clientId: 128,
  /** Attachments of one message. */
  attachments: 10,
  /** Bytes of one attachment over REST. */
  attachmentBytes: 25 * MIB,
  /** Bytes of one attachment sent as base64 in a frame. */
  attachmentFrameBytes: 8 * MIB,
  attachmentName: 255,
  /** Characters of `data` as JSON. */
  dataBytes: 16_384,
  /** Items of one page. */
  page: 100,
  pageDefault: 50,
  /** Changes told in one answer to `changes`. */
  changes: 500,
  /** Members of a chat; the Chat keeps all of them in memory. */
  members: 10_000,
  /** Up to so many members go with the events about a chat; of larger ones each client asks. */
  membersTold: 1_000,
  /** Users of an app that are told where all are asked for. */
  usersTold: 10_000,
  /** Members added by one command. */
  membersAtOnce: 100,
  /** Characters of a frame of the native dialect: a text of the longest kind with all its escapes, and room for the rest. */
  nativeFrame: 256 * 1024,
  /** Characters of a frame of `methods`: one file of the largest kind as base64, or several photos; a Gateway has 128 MiB for all its sockets. */
  methodsFrame: 16 * MIB,
  /** Frames of `methods` with more characters than this, which have files in them, take turns on their Gateway. */
  methodsLongFrame: 256 * 1024,
  /** Characters of all long frames that may wait for their turn on one Gateway; what one is made of takes as much again. */
  methodsLongFrames: 64 * MIB,
  /** Values in a long frame, as far as commas and brackets tell: more than the longest text has. */
  methodsValues: 50_000,
  /** Files of one upload of `messenger`. */
  messengerFiles: 4,
  /** Bytes of any frame: the platform itself ends a connection that sends a longer one. */
  anyFrame: 32 * MIB,
  /** Bytes of a JSON or form body. */
  body: 256 * 1024,
  /** Chats whose ephemeral events one connection may hear. */
  joinedChats: 200,
  /** People whose presence one connection may watch. */
  watchedUsers: 500,
  /** Users, and as many chats, whose messages one connection of an app hears: it may act for all that a tenant has. */
  subscriptions: 10_000,
  /** Messages in one answer of `events`. */
  eventsMessages: 1_000,
  /** Chats in one answer of `events`. */
  eventsChats: 1_000,
  /** Bytes of one answer of `events`: what waits for a poll is one row of SQLite, which holds 2 MB. */
  eventsAnswer: 1_500_000,
} as const;

/** Chats with more members than this don't push to Inboxes whose user is offline. */
export const LARGE_CHAT = 100;

/** Frames that a connection may send: a token bucket. */
export const FLOOD = {
  burst: 100,
  perSecond: 20,
  /** How many users a connection counts for that acts for a whole app. */
  usersOfApp: 50,
  /** Frames refused without a pause after which the connection is closed. */
  patience: 100,
} as const;

/** Bytes that were sent and that readers have not taken yet. */
export const SLOW = {
  /** With more, of which some has waited for so long, a reader is closed. */
  reader: 256 * 1024,
  patienceMs: 1_000,
  /** With more in one object, closed connections included, the slowest is closed. An object has 128 MiB for everything. */
  all: 24 * 1024 * 1024,
  /** With fewer, a reader is not behind. */
  counted: 64 * 1024,
} as const;

export const GATEWAY = {
  /** Connections that one Gateway takes; their sockets share its 128 MiB. */
  connections: 1_000,
  /** Gateways of one dialect in one place among which the first choice falls. */
  spread: 4,
  /** What a request may carry there: more than any payload that a dialect takes, so that the Gateway itself refuses it. */
  bodyBytes: 2 * MIB,
  /** How often a Gateway with connections looks whether they are still there. */
  sweepMs: MINUTE,
  /** So many looks in a row that find neither a ping nor a frame of a client that pings: it is taken for gone. */
  silentLooks: 3,
  /** How long what the Inbox has said of a token's connections lets others of that token in without asking. */
  trustMs: MINUTE,
} as const;

export const DELIVERY = {
  /** The alarm of a busy spell: it stores how far delivery got, and serves again what lags. */
  spellMs: 5 * SECOND,
  /** How long an answer waits at most for what came before it to be told. */
  inOrderMs: 1 * SECOND,
  /** Waiting before a lagging Inbox is tried again: doubled each time, from the first to the second. */
  retryMs: 2 * SECOND,
  retryMaxMs: 5 * MINUTE,
  /** In a burst: how long an Inbox gathers rows before it writes them. */
  gatherMs: 200,
  /** In a burst: how long a Chat gathers rows for an Inbox that nobody hears by. Whoever asks for the list has them brought. */
  quietMs: 1 * SECOND,
  /** So many rows in quick succession are written one by one. */
  burst: 16,
  /** So many calls of a Chat in quick succession go at once, also to those whom nobody would tell. */
  calls: 120,
  callsPerSecond: 60,
  /** Events in one call to an Inbox; what is more goes with the next. */
  portion: 200,
  /** Events replayed to an Inbox that lagged; past it, it gets the chat's state and its clients ask for `changes`. */
  replay: 200,
} as const;

export const TOKEN = {
  /** How long a user token lives. */
  lifeMs: 30 * DAY,
  /** How long an operator's token lives: a working day, because it opens all that an app has. */
  operatorMs: 12 * HOUR,
  /** How long a request's token is believed to stand after the directory was asked. Whoever ends one waits for `lapseMs`. */
  leaseMs: 500,
  /** Longer than `leaseMs` by as much as clocks may run apart in that time. */
  lapseMs: 600,
  /** How long the word of a tenant's verification URL is believed. */
  verifiedMs: MINUTE,
  /** How long a signed attachment link lives, at least; it is the same for a whole day, so that caches can keep it. */
  linkMs: DAY,
} as const;

export const PRESENCE = {
  /** How long a user whose last native connection closed still counts as online. */
  graceMs: 10 * SECOND,
  /** After this long a connection elsewhere is asked for before it is believed. */
  verifyMs: MINUTE,
} as const;

/** When what was begun and not finished is cleared up. */
export const SWEEP = {
  /** A chat whose creation was cut off. */
  creationMs: MINUTE,
  /** An upload that no message took up. */
  orphanMs: DAY,
  /** It is looked for so much later: what is begun is noted a moment before the directory has it. */
  slackMs: 5 * SECOND,
} as const;

/** Deleting what an app does not want to keep. */
export const RETENTION = {
  /** Days that an app may ask for. */
  maxDays: 3_650,
  /** An app's chats are gone through this often. */
  roundMs: DAY,
  /** Chats that are asked in one run of the Lobby, and messages that are deleted in one run of a Chat. */
  chats: 20,
  messages: 100,
  /** A chat that can not be asked is tried again so often, after so long; then the round goes on without it. */
  tries: 5,
  retryMs: 5 * SECOND,
} as const;

/** Failed logins: a bucket that holds `burst` and gains one each `refillMs`. */
export const THROTTLE = {
  /** Guesses at one account. */
  name: { burst: 5, refillMs: 30 * SECOND },
  /** Guesses from one address, which a whole office may share. */
  address: { burst: 50, refillMs: 3 * SECOND },
} as const;
