-- Several volumes of a backup are sent at the same time: one row for each rclone that may still write, should this program die.
CREATE TABLE uploader (
    backup_id INTEGER NOT NULL REFERENCES backup (id) ON DELETE CASCADE,
    name      TEXT    NOT NULL,                    -- the object that it writes
    process   TEXT    NOT NULL,
    PRIMARY KEY (backup_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO uploader (backup_id, name, process) SELECT id, remote_name, uploader FROM backup WHERE uploader IS NOT NULL;
ALTER TABLE backup DROP COLUMN uploader;

-- Bytes sent to a remote in one day of Perb:TimeZone. Counted before they are sent: a crash may count too much, never too little.
CREATE TABLE upload_day (
    remote TEXT    NOT NULL,
    day    TEXT    NOT NULL,                       -- 2026-11-20
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (remote, day)
) STRICT, WITHOUT ROWID;

-- What keeps a remote from being sent to although nothing is wrong: its UploadWindow, its DailyLimit.
CREATE TABLE held_back (
    remote TEXT PRIMARY KEY,
    until  TEXT NOT NULL,
    why    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- For a store of many years. A plan's row holds the log that travels along, kilobytes of it: what is asked of all plans is read from an index.
CREATE INDEX plan_count      ON plan (backup_id, volume_count);
CREATE INDEX plan_recipients ON plan (recipients);
CREATE INDEX volume_size     ON volume (backup_id, size_bytes);
CREATE INDEX backup_list     ON backup (guest, archive_time, remote);
CREATE INDEX backup_failure  ON backup (attempted_at)
    WHERE state IN ('failed', 'source-missing', 'lost', 'damaged') OR (failure IS NOT NULL AND state <> 'skipped');

-- What is being done is true only while a lease runs; kept longer there would be a row for every backup that was ever carried.
CREATE TRIGGER activity_over AFTER UPDATE OF lease_token ON backup WHEN new.lease_token IS NULL
BEGIN
    DELETE FROM activity WHERE backup_id = new.id;
END;
DELETE FROM activity;
