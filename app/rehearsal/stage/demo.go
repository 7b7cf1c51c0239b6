package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"healthagent/app/rehearsal"
	"healthagent/store"
)

// DemoOptions is what a demo needs besides its stage.
type DemoOptions struct {
	People int
	For    time.Duration
	Seed   uint64
	Out    io.Writer // what happens, live; nil: nothing
	Colour bool
}

// Figures is what a demo measured.
type Figures struct {
	rehearsal.Report
	Pool         *store.PoolStats  `json:"pool"`
	Cache        *store.CacheStats `json:"cache"`
	StartToReady float64           `json:"start_to_ready_ms"`
	RSS          float64           `json:"rss_mb"` // the daemon's, while everybody was talking
}

// Demo starts the daemon, lets people join by invitation and talk to it, and returns what was measured. When ctx ends first it
// returns what was measured until then.
func (s *Stage) Demo(ctx context.Context, o DemoOptions) (Figures, error) {
	tell := func(format string, args ...any) {
		if o.Out != nil {
			_, _ = fmt.Fprintf(o.Out, format+"\n", args...) // a reader that has gone does not stop the measurement
		}
	}
	tell("· applying the migrations to a private PostgreSQL")
	if _, err := s.Run(ctx, "migrate", "up"); err != nil {
		return Figures{}, err
	}
	raw, err := s.Run(ctx, "invite", "create", "--uses", strconv.Itoa(o.People), "-o", "json")
	if err != nil {
		return Figures{}, err
	}
	var invite struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(raw, &invite); err != nil || invite.Code == "" {
		return Figures{}, fmt.Errorf("read the invite code: %w", err)
	}
	tell("· an invite code for %d people", o.People)
	if err := s.Serve(ctx); err != nil {
		return Figures{}, err
	}
	f := Figures{StartToReady: float64(s.Daemon.StartToReady.Microseconds()) / 1000}
	tell("· the daemon is ready after %.0f ms; %d people talk for %s", f.StartToReady, o.People, o.For)

	f.Report, err = rehearsal.Run(ctx, s.Telegram, rehearsal.Config{
		People: o.People, Duration: o.For, Seed: o.Seed, Out: o.Out, Colour: o.Colour, Logger: s.options.Logger,
		Join: func(int) string { return "/activate " + invite.Code },
	})
	if err != nil {
		return f, err
	}
	return f, s.measure(ctx, &f)
}

// measure asks the daemon for its own figures.
func (s *Stage) measure(ctx context.Context, f *Figures) error {
	var doc struct {
		System struct {
			Memory int64 `json:"memory_bytes"`
		} `json:"system"`
		Database struct {
			Pool *store.PoolStats `json:"pool"`
		} `json:"database"`
		Cache *store.CacheStats `json:"cache"`
	}
	if _, err := s.Daemon.Ask(ctx, "/api/v1/metrics", &doc); err != nil {
		return err
	}
	f.Pool, f.Cache, f.RSS = doc.Database.Pool, doc.Cache, float64(doc.System.Memory)/(1<<20)
	return nil
}
