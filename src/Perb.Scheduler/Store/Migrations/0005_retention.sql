-- Since when a published backup is being removed from its remote: from then on it is no copy any more, whatever is left of it there.
ALTER TABLE backup ADD COLUMN pruning TEXT;
CREATE INDEX backup_pruning ON backup (remote) WHERE pruning IS NOT NULL;

-- Guests whose copies are never pruned, and that are never alarmed about.
CREATE TABLE retired (
    guest INTEGER PRIMARY KEY,
    since TEXT NOT NULL
) STRICT;

-- A damaged copy is shipped again: it is open, too.
DROP INDEX backup_open;
CREATE INDEX backup_open ON backup (remote, archive_time) WHERE state IN ('discovered', 'verified', 'damaged');
