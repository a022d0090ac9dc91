-- What a copy's manifest is, so that a listing alone shows whether it lies there whole, and whether its signature must lie beside it.
-- Null: published before this was recorded; the next check of the manifest fills it in.
ALTER TABLE backup ADD COLUMN manifest_bytes INTEGER;
ALTER TABLE backup ADD COLUMN is_signed INTEGER;

-- When a volume was last checked, however; verified_at and verified_how are those of its strongest proof.
ALTER TABLE volume ADD COLUMN checked_at TEXT;
