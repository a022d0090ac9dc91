-- Trouble that will not mend itself is told at once, other trouble only if it lasts.
ALTER TABLE trouble ADD COLUMN needs_person INTEGER NOT NULL DEFAULT 0;

-- What people were told is wrong, or will be if it lasts. Gone when they were told that it is over.
CREATE TABLE alarm (
    key         TEXT PRIMARY KEY,
    code        TEXT NOT NULL,                     -- PERB-RPO-01, as in OPERATIONS
    subject     TEXT NOT NULL,
    guest       INTEGER,
    headline    TEXT NOT NULL,
    text        TEXT NOT NULL,
    since       TEXT NOT NULL,
    noticed_at  TEXT NOT NULL,
    told_at     TEXT,                              -- null: nobody was told yet
    reminded_at TEXT,
    gone_at     TEXT                               -- it seems to be over since then
) STRICT, WITHOUT ROWID;

-- Messages that wait for their delivery by one entry of Notify, oldest first; removed when they were delivered.
CREATE TABLE notification (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    entry           TEXT    NOT NULL,
    made_at         TEXT    NOT NULL,
    content         TEXT    NOT NULL,              -- JSON
    attempt         INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    failure         TEXT
) STRICT;
CREATE INDEX notification_entry ON notification (entry, id);
