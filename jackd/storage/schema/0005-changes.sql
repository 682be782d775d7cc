-- The last change of each item, for friends who keep a copy of the catalogue. A revision is never given twice; an item
-- that changes again moves to the end. Triggers, so that no way of changing items can forget it.
CREATE TABLE changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    gone     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX changes_gone ON changes (revision) WHERE gone;
INSERT INTO changes (id) SELECT id FROM items ORDER BY n;

CREATE TRIGGER items_added AFTER INSERT ON items BEGIN
    DELETE FROM changes WHERE id = new.id;
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER items_changed AFTER UPDATE ON items BEGIN
    DELETE FROM changes WHERE id = new.id;
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER items_gone AFTER DELETE ON items BEGIN
    DELETE FROM changes WHERE id = old.id;
    INSERT INTO changes (id, gone) VALUES (old.id, 1);
END;

-- Each start of jack, and the last revision before it. A cursor names the start during which it was given: one that lies
-- behind the end of that start, or of a start that this database knows nothing of, was given by a database whose
-- changes were lost (a backup was restored).
CREATE TABLE starts (
    n     INTEGER PRIMARY KEY AUTOINCREMENT,
    name  TEXT NOT NULL UNIQUE,
    began INTEGER NOT NULL
);

-- What is gone up to this revision was forgotten.
CREATE TABLE forgotten (revision INTEGER NOT NULL);
INSERT INTO forgotten VALUES (0);
