-- Manifests of files that are shared. The stamp is what tells one content of a file from another; it is text because
-- inodes may have 64 bits and no sign, which SQLite's integers have.
CREATE TABLE shared_manifests (
    stamp      TEXT PRIMARY KEY,    -- device:inode:size:mtime_ns
    size       INTEGER NOT NULL,
    etag       TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    root       BLOB NOT NULL,
    blocks     BLOB NOT NULL,       -- 32 bytes each
    made       REAL NOT NULL        -- Unix seconds
);
CREATE INDEX shared_manifests_made ON shared_manifests (made);

-- Manifests that friends gave of files that are, or were, downloaded. They outlive the row in downloads: the *arr
-- removes that when it has the file, which can still be verified.
CREATE TABLE download_manifests (
    hash       TEXT PRIMARY KEY,    -- of the download
    size       INTEGER NOT NULL,
    etag       TEXT NOT NULL,
    block_size INTEGER NOT NULL,
    root       BLOB NOT NULL,
    blocks     BLOB NOT NULL,
    made       REAL NOT NULL
);
CREATE INDEX download_manifests_size ON download_manifests (size);
CREATE INDEX download_manifests_made ON download_manifests (made);

-- Bytes from the beginning that were found to be as the friend's manifest says.
ALTER TABLE downloads ADD COLUMN checked INTEGER NOT NULL DEFAULT 0;
