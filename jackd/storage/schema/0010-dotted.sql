-- What is written with dots between its letters is found without them, too (S.W.A.T., SWAT). The words of such an item
-- are made anew when its library is read, for it is not as it was.
UPDATE items SET modified = NULL WHERE item GLOB '*[^A-Za-z0-9][A-Za-z].[A-Za-z][^A-Za-z0-9]*';
