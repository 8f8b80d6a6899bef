/** The lines to both servers: where a connection goes, and how its frames are made and read. Knows no load. */

import type { Ask, Line, Speech } from "./load.ts";
import type { Account } from "./servers.ts";

const TEXT = "x".repeat(100);
const ANSWER = Buffer.from('"re":');
const EVENT = Buffer.from('"message.created"');
const OK = Buffer.from('"ok":true');
const ROOMS_MESSAGE = Buffer.from('42["message",');
const ROOMS_ERROR = Buffer.from('42["err",');
const DIGIT = { from: 48, to: 57 } as const;

/** The number that begins at `at`. */
function numberAt(frame: Buffer, at: number): number {
  let value = 0;
  for (let byte = frame[at] ?? 0; byte >= DIGIT.from && byte <= DIGIT.to; byte = frame[++at] ?? 0)
    value = value * 10 + byte - DIGIT.from;
  return value;
}

/** The frames of the baseline and of our native sockets begin alike: an answer with the number of its question. */
const native: Speech = {
  answered(frame) {
    if (frame.indexOf(ANSWER) !== 1) return null;
    if (!frame.subarray(0, 40).includes(OK)) throw new Error(`refused: ${frame.toString().slice(0, 200)}`);
    return numberAt(frame, 1 + ANSWER.length);
  },
  heard(frame) {
    let count = 0;
    for (let at = frame.indexOf(EVENT); at >= 0; at = frame.indexOf(EVENT, at + EVENT.length)) count++;
    return count;
  },
};

/** Socket.IO 5 on Engine.IO 4. The acknowledgement of question 7 is `437[]`. */
const rooms: Speech = {
  answered(frame) {
    if (frame.indexOf(ROOMS_ERROR) === 0) throw new Error(`refused: ${frame.toString().slice(0, 200)}`);
    return frame[0] === 0x34 && frame[1] === 0x33 ? numberAt(frame, 2) : null;
  },
  heard: (frame) => (frame.indexOf(ROOMS_MESSAGE) === 0 ? 1 : 0),
  reply: (frame) => (frame.length === 1 && frame[0] === 0x32 ? "3" : null),
};

const socketUrl = (url: string): string => url.replace("http", "ws");

function native1(url: string, path: string, { token }: Account): Line {
  return {
    url: `${socketUrl(url)}${path}`,
    headers: { authorization: `Bearer ${token}` },
    protocols: ["parlance.v1"],
    speech: native,
  };
}

export const baselineLine = (url: string, room: string, user: number | string): Line => ({
  url: `${socketUrl(url)}/${room}?user=${user}`,
  speech: native,
});
/** The same, for somebody who has an object of their own. */
export const baselineOwnLine = (url: string, room: string, user: number): Line => ({
  url: `${socketUrl(url)}/${room}?user=${user}&own=${user}`,
  speech: native,
});
export const chatLine = (url: string, chat: number, account: Account): Line =>
  native1(url, `/v1/chats/${chat}/socket`, account);
export const userLine = (url: string, account: Account): Line => native1(url, "/v1/socket", account);

/** A Socket.IO connection of `rooms` that has joined a chat. */
export const roomsLine = (url: string, chat: number, { token }: Account): Line => ({
  url: `${socketUrl(url)}/socket.io/?EIO=4&transport=websocket&token=${token}`,
  greet(frame, say) {
    const text = frame.toString();
    if (text.startsWith("0{")) say("40");
    else if (text.startsWith("40{")) say(`42["join","chat-${chat}"]`);
    else if (text.startsWith("44") || text.startsWith('42["err"')) throw new Error(`refused: ${text}`);
    // The last thing that one hears on joining: by then one hears the room.
    return text.startsWith('42["roomData"');
  },
  speech: rooms,
});

const AROUND = JSON.stringify(TEXT);

export const baselineSend: Ask = (id) => `{"id":${id},"text":${AROUND}}`;
export const chatSend: Ask = (id) => `{"id":${id},"do":"message.send","text":${AROUND}}`;
export const userSend =
  (chat: number): Ask =>
  (id) =>
    `{"id":${id},"do":"message.send","chat_id":${chat},"text":${AROUND}}`;
export const roomsSend: Ask = (id) => `42${id}["send_message",${AROUND}]`;
/** A page of history that begins somewhere: 50 messages before the one that `before` names. */
export const baselinePage =
  (before: () => number): Ask =>
  (id) =>
    `{"id":${id},"before":${before()}}`;
export const chatPage =
  (before: () => number): Ask =>
  (id) =>
    `{"id":${id},"do":"message.list","before":${before()}}`;
