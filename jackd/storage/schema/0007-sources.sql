-- Which bytes of the file are there, and which of them are as the manifest says: "0-4096,8192-9000". How many those are
-- stays in received and checked.
ALTER TABLE downloads ADD COLUMN there TEXT NOT NULL DEFAULT '';
ALTER TABLE downloads ADD COLUMN good TEXT NOT NULL DEFAULT '';
UPDATE downloads SET there = '0-' || received WHERE received > 0;
UPDATE downloads SET good = '0-' || checked WHERE checked > 0;

-- The friend whose file the etag is of, when it is not the one of the grab; JSON. And bytes by friend's name; JSON.
ALTER TABLE downloads ADD COLUMN lead TEXT;
ALTER TABLE downloads ADD COLUMN given TEXT NOT NULL DEFAULT '{}';
UPDATE downloads SET given = json_object(peer_name, received) WHERE received > 0;
