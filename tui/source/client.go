package source

import (
	"context"
	"sync"
	"time"
)

// Bounds of the way to the daemon.
const (
	silence      = 15 * time.Second       // without a line, after which it is given up: a line comes every second
	firstPause   = 500 * time.Millisecond // before the next try, doubled with each
	longestPause = 5 * time.Second
	longestLines = 8 << 20 // of one line, in bytes
	diagnoseTime = 2 * time.Second
	diagnoseRest = 10 * time.Second
)

// ClientConfig says where the daemon is. Only Sockets has no default.
type ClientConfig struct {
	Sockets []string // the admin sockets to try, the best first
	// Diagnose asks the service manager about a daemon that is down: the state of its unit and the last lines of its log. It heeds its
	// context. nil: nobody is asked.
	Diagnose func(ctx context.Context) (unit, journal []string)
	Now      func() time.Time // nil: time.Now
	// After calls do later, in a goroutine of its own, unless it is stopped. nil: time.AfterFunc
	After func(d time.Duration, do func()) (stop func() bool)
}

// Client is the way to the daemon through its admin socket. It holds no connection but those of Follow.
type Client struct {
	conf ClientConfig

	mu        sync.Mutex
	followers map[*follower]struct{}
}

var _ Source = (*Client)(nil)

// NewClient connects to nothing yet.
func NewClient(c ClientConfig) *Client {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = after
	}
	return &Client{conf: c, followers: map[*follower]struct{}{}}
}

func after(d time.Duration, do func()) (stop func() bool) { return time.AfterFunc(d, do).Stop }

// Follow implements Source.
func (c *Client) Follow(ctx context.Context, show func(*Snapshot)) {
	Relay(ctx, show, func(ctx context.Context, post func(*Snapshot)) {
		f := &follower{conf: c.conf, client: c, post: post}
		c.mu.Lock()
		c.followers[f] = struct{}{}
		c.mu.Unlock()
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.followers, f)
		}()
		f.run(ctx)
	})
}

// Retry implements Source. Whoever has the connection opens it anew, which makes the daemon read everything anew.
func (c *Client) Retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.followers {
		f.kick()
	}
}
