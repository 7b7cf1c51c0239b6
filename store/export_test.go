package store

import "context"

// ReadWindow is Window without the cache.
func (s *Store) ReadWindow(ctx context.Context, userID int64) ([]Message, error) {
	return s.readWindow(ctx, userID)
}

// EncodeWindow and DecodeWindow are the form of a window in Redis.
func EncodeWindow(window []Message) ([]byte, error) { return encodeWindow(window) }

func DecodeWindow(raw []byte) ([]Message, error) { return decodeWindow(raw) }

// RedisTries is how often a call dials, and how often it is tried again.
func RedisTries(s *Store) (dials, again int) {
	opt := s.cache.redis.client.Options()
	return opt.DialerRetries, opt.MaxRetries
}
