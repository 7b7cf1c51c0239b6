package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

// A cache that answers later than PostgreSQL would is of no use: its deadlines are short, and after a few failures in a row it is
// left alone for a moment.
const (
	redisDial     = 500 * time.Millisecond
	redisAnswer   = 150 * time.Millisecond
	breakerAfter  = 3
	breakerPauses = 2 * time.Second
)

type redisBackend struct {
	client  *redis.Client
	breaker *gobreaker.CircuitBreaker[[]byte]
}

// quietRedis ends the library's own lines on stderr: what matters of them the breaker logs. It is for the whole process, and must
// not run while there are clients.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(discard{}) })

type discard struct{}

// Printf implements the library's logger.
func (discard) Printf(context.Context, string, ...any) {}

func newRedisBackend(url string, log *slog.Logger) (*redisBackend, error) {
	quietRedis()
	opt, err := redis.ParseURL(url)
	if err != nil { // its error quotes the URL, which may hold a password
		return nil, errors.New("REDIS_URL is not a Redis URL such as redis://127.0.0.1:6379/0 or unix:///run/redis/redis.sock")
	}
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = redisDial, redisAnswer, redisAnswer
	opt.ContextTimeoutEnabled = true
	opt.MaxRetries, opt.DialerRetries = -1, 1 // one try a call: whether Redis is there is the breaker's to judge
	opt.PoolTimeout = redisAnswer
	opt.ClientName = "healthagent"
	opt.DisableIdentity = true
	return &redisBackend{
		client: redis.NewClient(opt),
		breaker: gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
			Name:        "redis",
			MaxRequests: 1,
			Timeout:     breakerPauses,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerAfter },
			IsSuccessful: func(err error) bool {
				return err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled)
			},
			OnStateChange: func(_ string, from, to gobreaker.State) {
				log.Warn("cache breaker", "from", from.String(), "to", to.String())
			},
		}),
	}, nil
}

func (r *redisBackend) get(ctx context.Context, key string) ([]byte, bool, error) {
	raw, err := r.breaker.Execute(func() ([]byte, error) { return r.client.Get(ctx, key).Bytes() })
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	return raw, err == nil, err
}

func (r *redisBackend) set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := r.breaker.Execute(func() ([]byte, error) { return nil, r.client.Set(ctx, key, value, ttl).Err() })
	return err
}

func (r *redisBackend) del(ctx context.Context, keys ...string) error {
	_, err := r.breaker.Execute(func() ([]byte, error) { return nil, r.client.Del(ctx, keys...).Err() })
	return err
}

// ping goes past the breaker: it is how an operator asks whether Redis is there now.
func (r *redisBackend) ping(ctx context.Context) error { return r.client.Ping(ctx).Err() }

func (r *redisBackend) state() string { return r.breaker.State().String() }

func (r *redisBackend) close() error { return r.client.Close() }
