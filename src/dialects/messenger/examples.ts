/** Bodies as they may be sent to the routes of `messenger`, for the OpenAPI document; a test sends them. */

const account = { username: "dora", password: "correct horse battery" };

export const messengerExamples = {
  "POST /api/auth/register": account,
  "POST /api/auth/login": account,
} as const;
