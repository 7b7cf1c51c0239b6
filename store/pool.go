package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolSize is the specification's rule: at least one connection a processor, at most two a processor and five.
func PoolSize(cores int) (minimum, maximum int) {
	cores = max(cores, 1)
	return cores, 2*cores + 5
}

// CheckURL says whether a text can be used as Config.URL. It makes no connection, and its error quotes nothing of the text.
func CheckURL(url string) error {
	_, err := Config{URL: url}.withDefaults().pool(nil)
	return err
}

func (c Config) pool(trace *tracer) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		// the error of pgx quotes the URL, and a URL may hold a password
		return nil, errors.New("DATABASE_URL is not a PostgreSQL URL or keyword string such as postgres://user@host/database or host=/run/postgresql dbname=healthagent")
	}
	low, high := PoolSize(runtime.GOMAXPROCS(0))
	if c.PoolMax > 0 {
		high = c.PoolMax
	}
	if c.PoolMin > 0 {
		low = c.PoolMin
	}
	low = min(low, high)
	pc.MinConns, pc.MaxConns = int32(low), int32(high)
	pc.MaxConnLifetime, pc.MaxConnLifetimeJitter = time.Hour, 10*time.Minute
	pc.HealthCheckPeriod = 15 * time.Second
	pc.PingTimeout = 2 * time.Second
	cc := pc.ConnConfig
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = 5 * time.Second
	}
	cc.RuntimeParams["application_name"] = c.Application
	cc.RuntimeParams["timezone"] = "UTC"
	cc.RuntimeParams["statement_timeout"] = "15s"
	cc.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	cc.Tracer = trace
	if c.Dial != nil {
		cc.DialFunc = c.Dial
	}
	return pc, nil
}

// PoolStats are the gauges of the pool at one moment.
type PoolStats struct {
	Size         int     `json:"size"`         // open connections
	Available    int     `json:"available"`    // open and not lent
	Active       int     `json:"active"`       // lent
	Constructing int     `json:"constructing"` // being opened
	MinSize      int     `json:"min_size"`
	MaxSize      int     `json:"max_size"`
	Waiting      int     `json:"waiting"` // callers that wait for a connection now
	Acquire      Acquire `json:"acquire"`
}

// Acquire counts how connections were lent since the start of the process.
type Acquire struct {
	Count    int64       `json:"count"`
	Empty    int64       `json:"empty"`    // had to wait or to open one
	Canceled int64       `json:"canceled"` // gave up
	WaitMS   Percentiles `json:"wait_ms"`
}

// PoolStats reads the gauges. It never blocks and needs no connection.
func (s *Store) PoolStats() PoolStats {
	st, cfg := s.pool.Stat(), s.pool.Config()
	waiting := s.tracer.waiting()
	if st.IdleConns() > 0 {
		waiting = 0 // they are being served
	}
	return PoolStats{
		Size:         int(st.TotalConns()),
		Available:    int(st.IdleConns()),
		Active:       int(st.AcquiredConns()),
		Constructing: int(st.ConstructingConns()),
		MinSize:      int(cfg.MinConns),
		MaxSize:      int(st.MaxConns()),
		Waiting:      waiting,
		Acquire: Acquire{
			Count:    st.AcquireCount(),
			Empty:    st.EmptyAcquireCount(),
			Canceled: st.CanceledAcquireCount(),
			WaitMS:   s.tracer.acquires.percentiles(),
		},
	}
}

// String is the specification's log line.
func (p PoolStats) String() string {
	return fmt.Sprintf("DB Pool: %d/%d active (%d available, max=%d)", p.Active, p.Size, p.Available, p.MaxSize)
}

// WatchPool logs the pool's line every interval, and at once when callers begin or cease to wait. It returns when ctx ends.
func (s *Store) WatchPool(ctx context.Context, interval time.Duration) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	last, waited := s.now(), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		stats := s.PoolStats()
		waits := stats.Waiting > 0
		if waits == waited && s.now().Sub(last) < interval {
			continue
		}
		s.log.Info(stats.String(), "waiting", stats.Waiting)
		last, waited = s.now(), waits
	}
}
