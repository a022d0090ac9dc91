-- Instants are ISO 8601 UTC text with seven decimals, so that they sort as text and read well in the sqlite3 shell.

-- What Perb carries: one archive to one remote.
CREATE TABLE backup (
    id              INTEGER PRIMARY KEY,
    remote          TEXT    NOT NULL,
    remote_name     TEXT    NOT NULL,              -- 100-2026_11_20-02_00_01
    guest           INTEGER NOT NULL,
    guest_type      TEXT    NOT NULL,
    archive         TEXT    NOT NULL,
    storage         TEXT    NOT NULL,              -- where the archive was last seen
    node            TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    size_bytes      INTEGER NOT NULL,
    modified_at     TEXT    NOT NULL,
    archive_time    TEXT    NOT NULL,
    settled         INTEGER NOT NULL DEFAULT 0,    -- 1: its .log and .notes are there too, it may be sealed
    state           TEXT    NOT NULL,
    discovered_at   TEXT    NOT NULL,
    verified_at     TEXT,
    verified_how    TEXT,
    published_at    TEXT,
    attempt         INTEGER NOT NULL DEFAULT 0,    -- failures since the last success
    unexpected      INTEGER NOT NULL DEFAULT 0,    -- those of them that nobody can explain
    attempted_at    TEXT,
    next_attempt_at TEXT,
    failure         TEXT,
    lease_token     TEXT,
    lease_until     TEXT,
    uploader        TEXT,                          -- the rclone that may still write, should this program die
    UNIQUE (remote, remote_name)
) STRICT;
CREATE INDEX backup_open  ON backup (remote, archive_time) WHERE state IN ('discovered', 'verified');
CREATE INDEX backup_guest ON backup (guest, remote, state, archive_time);

-- What all volumes of a backup are made from: decided at the first seal, kept across restarts.
CREATE TABLE plan (
    backup_id           INTEGER PRIMARY KEY REFERENCES backup (id) ON DELETE CASCADE,
    archive_bytes       INTEGER NOT NULL,
    archive_modified_at TEXT    NOT NULL,
    tar_head            BLOB    NOT NULL,          -- the tar stream before the archive's bytes
    tar_tail            BLOB    NOT NULL,          -- and after them: padding, log, notes, end marker
    volume_bytes        INTEGER NOT NULL,          -- plaintext bytes in every volume but the last
    volume_count        INTEGER NOT NULL,
    packet              TEXT    NOT NULL,
    hide_recipients     INTEGER NOT NULL,
    recipients          TEXT    NOT NULL,          -- fingerprints of the encryption subkeys, blank separated
    made_at             TEXT    NOT NULL
) STRICT;

CREATE TABLE volume (
    backup_id    INTEGER NOT NULL REFERENCES backup (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    size_bytes   INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    other_kind   TEXT,
    other        TEXT,
    sealed_at    TEXT    NOT NULL,
    uploaded_at  TEXT,
    verified_at  TEXT,
    verified_how TEXT,
    PRIMARY KEY (backup_id, number)
) STRICT, WITHOUT ROWID;

-- What is being done right now, for people who watch. Rewritten all the time, true only while a lease runs.
CREATE TABLE activity (
    backup_id        INTEGER PRIMARY KEY REFERENCES backup (id) ON DELETE CASCADE,
    step             TEXT    NOT NULL,
    volume           INTEGER NOT NULL,
    volume_count     INTEGER NOT NULL,
    done_bytes       INTEGER NOT NULL,
    total_bytes      INTEGER NOT NULL,
    bytes_per_second INTEGER NOT NULL,
    updated_at       TEXT    NOT NULL
) STRICT;

-- History, append-only. backup_id is null for what concerns no single backup.
CREATE TABLE event (
    id        INTEGER PRIMARY KEY,
    backup_id INTEGER REFERENCES backup (id) ON DELETE CASCADE,
    at        TEXT NOT NULL,
    kind      TEXT NOT NULL,
    text      TEXT NOT NULL
) STRICT;
CREATE INDEX event_backup ON event (backup_id, id);

-- Guests that exist on the node, as last seen through the API.
CREATE TABLE guest (
    vm_id      INTEGER PRIMARY KEY,
    guest_type TEXT NOT NULL,
    name       TEXT,
    seen_at    TEXT NOT NULL
) STRICT;

-- Finished vzdump tasks that were taken note of; aged out, the overlap of polls makes them idempotent.
CREATE TABLE vzdump_task (
    upid     TEXT PRIMARY KEY,
    ended_at TEXT NOT NULL,
    status   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Trouble that lasts (Proxmox away, a remote refused): shown until it is over.
CREATE TABLE trouble (
    subject TEXT PRIMARY KEY,
    since   TEXT NOT NULL,
    text    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Single values: "last poll", "last reconcile".
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
