package store

import "context"

// UserSQL is the statement by which User reads the database.
func UserSQL() string { return getUserSQL }

// ReadWindow is Window from the database whatever the cache holds, and leaves no copy.
func (s *Store) ReadWindow(ctx context.Context, userID int64) ([]Message, error) {
	return s.readWindow(ctx, userID)
}

// ReadUser is User from the database whatever the cache holds, and leaves no copy.
func (s *Store) ReadUser(ctx context.Context, id int64) (User, bool, error) {
	return s.readUser(ctx, id)
}
