-- The release's title, made when the item is written; NULL when it is the item's own. A jack that makes other titles
-- adds a file here: a mirror of another version is read anew.
ALTER TABLE items ADD COLUMN shown TEXT;
