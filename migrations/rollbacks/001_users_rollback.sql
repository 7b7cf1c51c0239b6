DROP TABLE users;
DROP FUNCTION users_changed();
