-- Copies of friends' catalogues. Nothing in here is lost with the file: it is read again.
CREATE TABLE copies (
    n          INTEGER PRIMARY KEY AUTOINCREMENT,
    peer       TEXT NOT NULL UNIQUE,
    cursor     TEXT NOT NULL DEFAULT '',       -- where to go on
    generation INTEGER NOT NULL DEFAULT 0,     -- of the last reading of everything
    reading    INTEGER NOT NULL DEFAULT 0,     -- 1 as long as that is under way, 2 while what it did not find is removed
    complete   INTEGER NOT NULL DEFAULT 0,     -- whether everything was read once
    items      INTEGER NOT NULL DEFAULT 0,     -- of this generation
    heard      REAL NOT NULL DEFAULT 0         -- Unix seconds: when the friend was there last
);

-- As in jack's own database, but each item belongs to a copy, and to the generation that it was seen in last.
CREATE TABLE items (
    n          INTEGER PRIMARY KEY,
    copy       INTEGER NOT NULL,
    id         TEXT NOT NULL,
    generation INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    tmdb       INTEGER,
    imdb       TEXT,
    tvdb       INTEGER,
    season     INTEGER,
    episodes   TEXT NOT NULL,
    absolute   INTEGER,
    aired      TEXT,
    published  REAL NOT NULL,
    item       TEXT NOT NULL,
    UNIQUE (copy, id)
);
CREATE INDEX items_generation ON items (copy, generation);
CREATE INDEX items_published ON items (published DESC);
CREATE INDEX items_kind ON items (kind, published DESC);
CREATE INDEX items_tmdb ON items (tmdb) WHERE tmdb IS NOT NULL;
CREATE INDEX items_imdb ON items (imdb) WHERE imdb IS NOT NULL;
CREATE INDEX items_tvdb ON items (tvdb, season) WHERE tvdb IS NOT NULL;

CREATE VIRTUAL TABLE item_words USING fts5 (words, tokenize = "ascii", detail = none, columnsize = 0);
