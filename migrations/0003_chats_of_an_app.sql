-- The chats of one app by id, page by page: each page begins where the one before ended, and no chat of another app is read.
CREATE INDEX chats_by_app ON chats (app_id);
