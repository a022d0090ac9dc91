-- What a person decided about a backup; it goes before every rule, until a person decides otherwise: 'ship' or 'skip'.
-- An archive that was shipped by hand may lie outside of all storages: its storage is ''.
ALTER TABLE backup ADD COLUMN by_hand TEXT;

-- What commands ask of the perb that holds the lock. Carried out in the order of their ids, doing it twice is harmless; aged out when done.
CREATE TABLE wish (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    what     TEXT NOT NULL,                        -- ship, skip, retry
    argument TEXT NOT NULL,                        -- JSON
    asked_at TEXT NOT NULL,
    done_at  TEXT,
    outcome  TEXT                                  -- JSON; null: not carried out yet
) STRICT;
CREATE INDEX wish_open ON wish (id) WHERE outcome IS NULL;
