package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// EncodeWindow makes the form of a window in Redis.
func EncodeWindow(window []Message) ([]byte, error) { return encodeWindow(window) }

// RedisTries is how often a call dials, and how often it is tried again.
func RedisTries(s *Store) (dials, again int) {
	opt := s.cache.redis.client.Options()
	return opt.DialerRetries, opt.MaxRetries
}

// Observe counts a statement that took so long and has just ended.
func (s *Store) Observe(sql string, took time.Duration, rows int, err error) {
	s.tracer.observe(context.Background(), sql, s.now().Add(-took), pgconn.NewCommandTag(fmt.Sprint("SELECT ", rows)), err)
}

// Trace is what the tracer does about one statement, without the statement. It holds a connection until the end of ctx's test.
func (s *Store) Trace(ctx context.Context, sql string) (trace, release func(), err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	tag := pgconn.NewCommandTag("SELECT 20")
	return func() {
		traced := s.tracer.TraceQueryStart(ctx, conn.Conn(), pgx.TraceQueryStartData{SQL: sql})
		s.tracer.TraceQueryEnd(traced, conn.Conn(), pgx.TraceQueryEndData{CommandTag: tag})
	}, conn.Release, nil
}

// ConversationSQL is the statement of the window.
const ConversationSQL = conversationSQL

// ReadWindowBytes is WindowBytes without the cache.
func (s *Store) ReadWindowBytes(ctx context.Context, userID int64) ([]byte, error) {
	return s.readWindowBytes(ctx, userID)
}

// ParseRedisInfo reads what INFO answers.
func ParseRedisInfo(text string) RedisInfo { return parseRedisInfo(text) }
