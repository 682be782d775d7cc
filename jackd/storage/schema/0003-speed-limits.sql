-- What clients have set and a restart must not forget, by name; JSON.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Bytes/s of one download, 0 for no limit.
ALTER TABLE downloads ADD COLUMN download_limit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE downloads ADD COLUMN upload_limit INTEGER NOT NULL DEFAULT 0;
