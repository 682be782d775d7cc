-- What the owner's rules of sharing look at. NULL is "not known": rows of an older jack stay hidden from whomever a rule
-- is about until their library was read again.
ALTER TABLE items ADD COLUMN folder  TEXT;      -- as the library's server calls it
ALTER TABLE items ADD COLUMN tags    TEXT;      -- ",a,b,", "," when there are none
ALTER TABLE items ADD COLUMN quality TEXT;      -- lower case, "" when there is none
ALTER TABLE items ADD COLUMN named   TEXT;      -- the folded title of the movie or series
ALTER TABLE items ADD COLUMN year    INTEGER;
ALTER TABLE items ADD COLUMN size    INTEGER;
