-- What is shared: one row an item, grouped as its library reads it (a movie, a series, a folder).
CREATE TABLE items (
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    library    TEXT NOT NULL,
    grp        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    tmdb       INTEGER,
    imdb       TEXT,
    tvdb       INTEGER,
    season     INTEGER,
    episodes   TEXT NOT NULL,       -- ",1,2,", "," when there are none
    absolute   INTEGER,
    aired      TEXT,                -- YYYY-MM-DD
    published  REAL NOT NULL,       -- Unix seconds
    item       TEXT NOT NULL        -- JSON
);
CREATE INDEX items_group ON items (library, grp);
CREATE INDEX items_published ON items (published DESC, id);
CREATE INDEX items_kind ON items (kind, published DESC, id);
CREATE INDEX items_tmdb ON items (tmdb) WHERE tmdb IS NOT NULL;
CREATE INDEX items_imdb ON items (imdb) WHERE imdb IS NOT NULL;
CREATE INDEX items_tvdb ON items (tvdb, season) WHERE tvdb IS NOT NULL;

-- The searchable words of each item, joined by spaces; rowid = items.n. The words are folded before they come here:
-- the tokenizer only has to split at spaces.
CREATE VIRTUAL TABLE item_words USING fts5 (words, tokenize = "ascii", detail = none, columnsize = 0);

-- The download queue. A row is there before the grab is answered.
CREATE TABLE downloads (
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
    file        TEXT NOT NULL,
    state       TEXT NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0,
    etag        TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    position    INTEGER NOT NULL,
    forced      INTEGER NOT NULL DEFAULT 0,
    retry_at    REAL NOT NULL DEFAULT 0,
    added       REAL NOT NULL,
    completed   REAL,
    active      REAL NOT NULL DEFAULT 0,
    tags        TEXT NOT NULL DEFAULT '[]',
    ratio_limit REAL NOT NULL DEFAULT 0,
    seeding_time_limit INTEGER NOT NULL DEFAULT -2
) WITHOUT ROWID;

-- Completed folders with jack's marker in them: one that lacks it now is not mounted.
CREATE TABLE completed_folders (path TEXT PRIMARY KEY) WITHOUT ROWID;

-- Categories and tags that clients of the qBittorrent dialect made.
CREATE TABLE categories (
    name      TEXT PRIMARY KEY,
    save_path TEXT NOT NULL DEFAULT '',
    owner     TEXT
) WITHOUT ROWID;
CREATE TABLE tags (name TEXT PRIMARY KEY) WITHOUT ROWID;
