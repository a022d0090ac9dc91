-- Perb:Proxmox:WriteNotes: the published_at that the archive's notes speak of, or that nobody needs to write there any more. A copy that is
-- published anew differs from it by itself.
ALTER TABLE backup ADD COLUMN noted TEXT;
CREATE INDEX backup_unnoted ON backup (published_at) WHERE state = 'published' AND noted IS NOT published_at;
