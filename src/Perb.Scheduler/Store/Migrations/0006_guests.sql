-- What a guest is judged by beside its archives and copies, as the API last showed it.
ALTER TABLE guest ADD COLUMN first_seen_at TEXT;           -- before that nobody can have missed a copy of it
ALTER TABLE guest ADD COLUMN pool TEXT;
ALTER TABLE guest ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- blank separated
ALTER TABLE guest ADD COLUMN covered INTEGER;              -- 1: some vzdump job includes it; 0: none does; null: nobody can tell
UPDATE guest SET first_seen_at = seen_at;
