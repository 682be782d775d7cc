-- What became of each download, and what friends fetched from here; the oldest lines go when there are too many.
CREATE TABLE history (
    n        INTEGER PRIMARY KEY,
    shared   INTEGER NOT NULL,           -- 1: a friend fetched it
    event    TEXT NOT NULL,
    title    TEXT NOT NULL,
    size     INTEGER NOT NULL,
    friends  TEXT NOT NULL,              -- JSON: name to bytes
    seconds  REAL NOT NULL,
    began    REAL NOT NULL,              -- Unix seconds
    ended    REAL NOT NULL,
    hash     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    failures INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    client   TEXT NOT NULL
);
CREATE INDEX history_shared ON history (title) WHERE shared = 1;

-- Attempts of a download that failed, in all, and the seconds that its bytes were on their way.
ALTER TABLE downloads ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE downloads ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
