-- A download may have several files: what is known of each moves to a table of its own.
CREATE TABLE download_files (
    hash     TEXT NOT NULL,             -- of the download
    number   INTEGER NOT NULL,          -- its place among the download's files
    item     TEXT NOT NULL,             -- at the friend's
    name     TEXT NOT NULL,             -- what the grab calls it
    size     INTEGER NOT NULL,
    path     TEXT NOT NULL,             -- of the finished file, relative to the download's folder
    done     INTEGER NOT NULL DEFAULT 0,
    left_out TEXT NOT NULL DEFAULT '',  -- why it does not come
    there    TEXT NOT NULL DEFAULT '',  -- which bytes are there: "0-4096,8192-9000"
    good     TEXT NOT NULL DEFAULT '',  -- which of them are as the manifest says
    lead     TEXT,                      -- the friend whose file the etag is of, when it is not the grab's; JSON
    etag     TEXT,
    given    TEXT NOT NULL DEFAULT '{}',  -- bytes by friend's name; JSON
    PRIMARY KEY (hash, number)
) WITHOUT ROWID;
INSERT INTO download_files (hash, number, item, name, size, path, done, there, good, lead, etag, given)
    SELECT hash, 0, item, replace(file, rtrim(file, replace(file, '/', '')), ''), size, file, state = 'completed',
        there, good, lead, etag, given
    FROM downloads;

CREATE TABLE new_downloads (
    hash        TEXT PRIMARY KEY,
    peer        TEXT NOT NULL,
    peer_name   TEXT NOT NULL,
    item        TEXT NOT NULL,
    title       TEXT NOT NULL,
    filename    TEXT NOT NULL,
    size        INTEGER NOT NULL,
    owner       TEXT,
    category    TEXT NOT NULL,
    folder      TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    failures    INTEGER NOT NULL DEFAULT 0,
    seconds     REAL NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    position    INTEGER NOT NULL,
    forced      INTEGER NOT NULL DEFAULT 0,
    retry_at    REAL NOT NULL DEFAULT 0,
    added       REAL NOT NULL,
    completed   REAL,
    active      REAL NOT NULL DEFAULT 0,
    tags        TEXT NOT NULL DEFAULT '[]',
    ratio_limit REAL NOT NULL DEFAULT 0,
    seeding_time_limit INTEGER NOT NULL DEFAULT -2,
    download_limit INTEGER NOT NULL DEFAULT 0,
    upload_limit INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO new_downloads
    SELECT hash, peer, peer_name, item, title, filename, size, owner, category, folder, state, attempts, failures,
        seconds, reason, position, forced, retry_at, added, completed, active, tags, ratio_limit, seeding_time_limit,
        download_limit, upload_limit
    FROM downloads;
DROP TABLE downloads;
ALTER TABLE new_downloads RENAME TO downloads;
