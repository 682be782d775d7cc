-- When the file was last written, nanoseconds since 1970; NULL when nobody looked.
ALTER TABLE items ADD COLUMN modified INTEGER;

-- A day or an absolute number alone must not make anybody look at everything.
CREATE INDEX items_aired ON items (aired) WHERE aired IS NOT NULL;
CREATE INDEX items_absolute ON items (absolute) WHERE absolute IS NOT NULL;
