package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Config is what a Store needs. URL is required; every other zero value has a meaning.
type Config struct {
	URL      string // PostgreSQL, as a URL or keywords
	RedisURL string // Redis; empty keeps the cache in this process

	PoolMin, PoolMax int           // 0: from the number of processors, see PoolSize
	SlowQuery        time.Duration // statements from here on are logged; 0: 50 ms
	Application      string        // application_name; empty: healthagent

	// Dial opens the connections to PostgreSQL. nil: in the usual way.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Logger *slog.Logger     // nil: discarded
	Now    func() time.Time // nil: time.Now
}

// Store is the open store. All its methods may be called concurrently.
type Store struct {
	pool   *pgxpool.Pool
	cache  *Cache
	tracer *tracer
	log    *slog.Logger
	now    func() time.Time

	wires     sync.Pool // of *wire
	people    stripes   // held while copies of a person's row and window are read and replaced
	doubts    doubts
	unsettled unsettled
	closing   sync.Once
}

// Open prepares the pool and the cache. It does not wait for a server: while PostgreSQL is away the methods fail with an error
// for which Unavailable is true, and they work again when it is back. It fails only when a URL cannot be understood.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.withDefaults()
	trace := newTracer(c.SlowQuery, c.Logger, c.Now)
	poolConfig, err := c.pool(trace)
	if err != nil {
		return nil, err
	}
	cache, err := openCache(c.RedisURL, c.Logger, c.Now)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the pool: %w", err), cache.close())
	}
	return &Store{pool: pool, cache: cache, tracer: trace, log: c.Logger, now: c.Now}, nil
}

func (c Config) withDefaults() Config {
	if c.SlowQuery == 0 {
		c.SlowQuery = 50 * time.Millisecond
	}
	if c.Application == "" {
		c.Application = "healthagent"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Close waits for borrowed connections to come back and closes the pool and the cache. Closing twice is allowed.
func (s *Store) Close() {
	s.closing.Do(func() {
		s.pool.Close()
		if err := s.cache.close(); err != nil {
			s.log.Warn("closing the cache", "error", err)
		}
	})
}

// Cache returns the cache, for its statistics and state.
func (s *Store) Cache() *Cache { return s.cache }

const pingSQL = `SELECT /* ping */ 1`

// Ping asks the server for an answer, through the pool.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, pingSQL); err != nil {
		return fmt.Errorf("ping PostgreSQL: %w", err)
	}
	return nil
}
