package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// group is one kind of copies with one time to live. What get returns is shared: it must not be changed.
type group[T any] struct {
	cache *Cache
	name  string
	ttl   time.Duration
	local *expirable.LRU[string, T] // nil with Redis

	hits, misses, sets, deletes, errors atomic.Int64
}

func newGroup[T any](c *Cache, name string, ttl time.Duration, size int) *group[T] {
	g := &group[T]{cache: c, name: name, ttl: ttl}
	if c.redis == nil {
		g.local = expirable.NewLRU[string, T](size, nil, ttl)
	}
	return g
}

func (g *group[T]) get(ctx context.Context, id string) (T, bool) {
	value, found, _ := g.look(ctx, id)
	if found {
		g.hits.Add(1)
	} else {
		g.misses.Add(1)
	}
	return value, found
}

// look is get without counting a hit or a miss. After an error nobody knows whether there is a copy.
func (g *group[T]) look(ctx context.Context, id string) (value T, found bool, err error) {
	key := g.cache.key(g.name, id)
	if g.local != nil {
		value, found = g.local.Get(key)
		return value, found, nil
	}
	raw, found, err := g.cache.redis.get(ctx, key)
	if err == nil && found {
		err = json.Unmarshal(raw, &value)
	}
	if err != nil {
		g.errors.Add(1)
		return value, false, err
	}
	return value, found, nil
}

func (g *group[T]) set(ctx context.Context, id string, value T) {
	g.sets.Add(1)
	key := g.cache.key(g.name, id)
	if g.local != nil {
		g.local.Add(key, value)
		return
	}
	raw, err := json.Marshal(value)
	if err == nil {
		err = g.cache.redis.set(ctx, key, raw, g.ttl)
	}
	g.failed(err)
}

func (g *group[T]) forget(ctx context.Context, id string) {
	g.deletes.Add(1)
	key := g.cache.key(g.name, id)
	if g.local != nil {
		g.local.Remove(key)
		return
	}
	g.failed(g.cache.redis.del(ctx, key))
}

// failed counts a failed write; the copy that it was to replace must not be read again.
func (g *group[T]) failed(err error) {
	if err != nil {
		g.errors.Add(1)
		g.cache.distrust()
	}
}

func (g *group[T]) stats() GroupStats {
	s := GroupStats{
		Hits: g.hits.Load(), Misses: g.misses.Load(), Sets: g.sets.Load(),
		Deletes: g.deletes.Load(), Errors: g.errors.Load(),
	}
	s.HitRate = rate(s.Hits, s.Misses)
	return s
}

// stripes are locks by person, a few for all. They are held over the reading of a copy and, when there is none, over the query that
// makes it: so no older copy replaces a newer one.
type stripes [256]stripe

type stripe struct {
	sync.Mutex
	forgotten atomic.Int64 // counts the people of it that were forgotten
}

func (s *stripes) of(userID int64) *stripe { return &s[uint64(userID)%uint64(len(s))] }

func personKey(userID int64) string { return strconv.FormatInt(userID, 10) }

// digest keeps what a person wrote out of the names of keys.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
