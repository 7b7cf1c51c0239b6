package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// How long each group keeps what it holds, from the specification.
const (
	historyTTL    = 30 * time.Minute
	preferenceTTL = time.Hour
	nutritionTTL  = 24 * time.Hour
)

// Cache keeps copies: of people's newest messages, of their rows, and of what a phrase of food means. It is Redis, or memory of
// this process when no Redis is configured. The truth is PostgreSQL's: whatever fails here is a miss and never an error of the
// caller.
//
// Every key carries the cache's generation. When a write fails, so that a stale copy may have stayed behind, the generation is
// raised and no older copy is ever read again; a new process begins a new one, since the process before it may have died between
// its commit and its write.
type Cache struct {
	redis      *redisBackend // nil: memory
	process    string
	generation atomic.Int64
	now        func() time.Time

	history    *group[[]Message]
	preference *group[User]
	nutrition  *group[json.RawMessage]
}

func openCache(url string, log *slog.Logger, now func() time.Time) (*Cache, error) {
	c := &Cache{process: newProcessName(), now: now}
	if url != "" {
		r, err := newRedisBackend(url, log)
		if err != nil {
			return nil, err
		}
		c.redis = r
	}
	c.history = newGroup[[]Message](c, "h", historyTTL, 4096, windowCodec())
	c.preference = newGroup[User](c, "p", preferenceTTL, 16384, jsonCodec[User]())
	c.nutrition = newGroup[json.RawMessage](c, "n", nutritionTTL, 8192, jsonCodec[json.RawMessage]())
	return c, nil
}

func newProcessName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return hex.EncodeToString(b[:])
}

// distrust makes every copy made so far unreadable.
func (c *Cache) distrust() { c.generation.Add(1) }

func (c *Cache) close() error {
	if c.redis == nil {
		return nil
	}
	return c.redis.close()
}

// Backend is "redis" or "memory".
func (c *Cache) Backend() string {
	if c.redis == nil {
		return "memory"
	}
	return "redis"
}

// Check asks Redis for an answer. It is nil for a cache in memory.
func (c *Cache) Check(ctx context.Context) error {
	if c.redis == nil {
		return nil
	}
	if err := c.redis.ping(ctx); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// GroupStats counts what one group did since the start of the process.
type GroupStats struct {
	Hits    int64   `json:"hits"`
	Misses  int64   `json:"misses"`
	Sets    int64   `json:"sets"`
	Deletes int64   `json:"deletes"`
	Errors  int64   `json:"errors"`
	HitRate float64 `json:"hit_rate"` // 0 to 1; 0 before the first read
}

func (g *GroupStats) add(o GroupStats) {
	g.Hits, g.Misses, g.Sets = g.Hits+o.Hits, g.Misses+o.Misses, g.Sets+o.Sets
	g.Deletes, g.Errors = g.Deletes+o.Deletes, g.Errors+o.Errors
	g.HitRate = rate(g.Hits, g.Misses)
}

func rate(hits, misses int64) float64 {
	if hits+misses == 0 {
		return 0
	}
	return float64(hits) / float64(hits+misses)
}

// CacheStats are the totals and each group's part of them.
type CacheStats struct {
	Backend string `json:"backend"` // redis or memory
	State   string `json:"state"`   // closed (working), open (given up for a moment), half-open (trying again): the breaker's
	GroupStats
	Groups map[string]GroupStats `json:"groups"` // history, preferences, nutrition
}

// Stats reads the counters.
func (c *Cache) Stats() CacheStats {
	s := CacheStats{Backend: c.Backend(), State: "closed", Groups: map[string]GroupStats{
		"history":     c.history.stats(),
		"preferences": c.preference.stats(),
		"nutrition":   c.nutrition.stats(),
	}}
	if c.redis != nil {
		s.State = c.redis.state()
	}
	for _, g := range s.Groups {
		s.add(g)
	}
	return s
}

// Nutrition returns what was kept for a phrase of food, as JSON; false when nothing is.
func (s *Store) Nutrition(ctx context.Context, phrase string) (json.RawMessage, bool) {
	return s.cache.nutrition.get(ctx, s.cache.nutrition.key(digest(phrase)))
}

// KeepNutrition keeps what a phrase of food means for a day.
func (s *Store) KeepNutrition(ctx context.Context, phrase string, meaning json.RawMessage) {
	s.cache.nutrition.set(ctx, s.cache.nutrition.key(digest(phrase)), meaning)
}
