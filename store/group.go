package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// group is one kind of copies with one time to live. What get returns is shared: it must not be changed.
type group[T any] struct {
	cache *Cache
	name  string
	ttl   time.Duration
	codec codec[T]
	local *lru.Cache[string, aged[T]] // nil with Redis

	hits, misses, sets, deletes, errors atomic.Int64
}

// aged is a copy in memory and when it is too old to be read.
type aged[T any] struct {
	value T
	until time.Time
}

// newGroup makes a group of at most size copies in memory; Redis has its own limit.
func newGroup[T any](c *Cache, name string, ttl time.Duration, size int, codec codec[T]) *group[T] {
	g := &group[T]{cache: c, name: name, ttl: ttl, codec: codec}
	if c.redis == nil {
		g.local, _ = lru.New[string, aged[T]](size) // fails only for a size of 0
	}
	return g
}

// key names the copy of an id in the cache's present generation. Whoever reads and then replaces a copy does both under one key, so
// that what began before a loss of trust ends in a generation that nobody reads. Nothing is ever searched for by pattern.
func (g *group[T]) key(id string) string {
	return g.keyOf(id, g.cache.generation.Load())
}

// keyOf names the copy of an id in that generation.
func (g *group[T]) keyOf(id string, generation int64) string {
	return "ha:" + g.cache.process + ":" + strconv.FormatInt(generation, 36) + ":" + g.name + ":" + id
}

func (g *group[T]) get(ctx context.Context, key string) (T, bool) {
	value, found, _ := g.look(ctx, key)
	if found {
		g.hits.Add(1)
	} else {
		g.misses.Add(1)
	}
	return value, found
}

// look is get without counting a hit or a miss. After an error nobody knows whether there is a copy.
func (g *group[T]) look(ctx context.Context, key string) (value T, found bool, err error) {
	if g.local != nil {
		copied, found := g.local.Get(key)
		if !found || !g.cache.now().Before(copied.until) {
			return value, false, nil
		}
		return copied.value, true, nil
	}
	raw, found, err := g.cache.redis.get(ctx, key)
	if err == nil && found {
		value, err = g.codec.decode(raw)
	}
	if err != nil {
		g.errors.Add(1)
		return value, false, err
	}
	return value, found, nil
}

func (g *group[T]) set(ctx context.Context, key string, value T) {
	g.sets.Add(1)
	if g.local != nil {
		g.local.Add(key, aged[T]{value, g.cache.now().Add(g.ttl)})
		return
	}
	raw, err := g.codec.encode(value)
	if err == nil {
		err = g.cache.redis.set(ctx, key, raw, g.ttl)
	}
	g.failed(err)
}

// getBytes is get without decoding what Redis keeps.
func (g *group[T]) getBytes(ctx context.Context, key string) (raw []byte, found bool) {
	var err error
	if g.local == nil {
		raw, found, err = g.cache.redis.get(ctx, key)
	} else if value, there, _ := g.look(ctx, key); there {
		raw, err = g.codec.encode(value)
		found = err == nil
	}
	if err != nil {
		g.errors.Add(1)
	}
	if found {
		g.hits.Add(1)
	} else {
		g.misses.Add(1)
	}
	return raw, found
}

// setBytes is set for what is encoded already.
func (g *group[T]) setBytes(ctx context.Context, key string, raw []byte) {
	if g.local == nil {
		g.sets.Add(1)
		g.failed(g.cache.redis.set(ctx, key, raw, g.ttl))
		return
	}
	value, err := g.codec.decode(slices.Clone(raw)) // the caller may change his
	if err != nil {
		g.failed(err)
		return
	}
	g.set(ctx, key, value)
}

func (g *group[T]) forget(ctx context.Context, key string) {
	g.deletes.Add(1)
	if g.local != nil {
		g.local.Remove(key)
		return
	}
	g.failed(g.cache.redis.del(ctx, key))
}

// erased is how many generations an erasure reaches back, so that one request stays small.
const erased = 1000

// erase removes the copies of an id in earlier generations too. Nobody reads those any more, but they hold what a person wrote until
// their time is over.
func (g *group[T]) erase(ctx context.Context, id string) {
	if g.local != nil { // whose writes do not fail, so that there is one generation
		g.forget(ctx, g.key(id))
		return
	}
	g.deletes.Add(1)
	present := g.cache.generation.Load()
	var keys []string
	for generation := max(0, present-erased); generation <= present; generation++ {
		keys = append(keys, g.keyOf(id, generation))
	}
	g.failed(g.cache.redis.del(ctx, keys...))
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

func personID(userID int64) string { return strconv.FormatInt(userID, 10) }

// digest keeps what a person wrote out of the names of keys.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
