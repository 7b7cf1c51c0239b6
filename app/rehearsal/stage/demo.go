package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"healthagent/app/progress"
	"healthagent/app/rehearsal"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/bench"
)

// DemoOptions is what a demo needs besides its stage.
type DemoOptions struct {
	People   int
	Messages int           // that each person has behind them before the demo begins
	Silent   int           // members besides who say nothing
	For      time.Duration // 0: until the screen is left
	Seed     uint64
	Out      io.Writer // what the demo does; nil: nothing
	Talk     io.Writer // what people and bot say, live; nil: nothing
	Colour   bool
	Progress bench.ProgressFunc // of the writing of the past; nil: nobody is told
	Prepared func()             // called once that is over; nil: nobody is told
	// Screen is shown over the running demo; when it returns nobody says anything new. nil: there is none.
	Screen func(context.Context, *Daemon) error
}

// firstSilent is the id of the first of the silent, far from those of the people.
const firstSilent = rehearsal.FirstUser + 1_000_000

// Figures is what a demo measured.
type Figures struct {
	rehearsal.Report
	Pool         *store.PoolStats  `json:"pool"`
	Cache        *store.CacheStats `json:"cache"`
	StartToReady float64           `json:"start_to_ready_ms"`
	RSS          float64           `json:"rss_mb"` // the daemon's, while everybody was talking
}

// Demo gives people a past, starts the daemon, lets them join by invitation and talk to it, and returns what was measured. When ctx ends
// first it returns what was measured until then. The past is part of no figure.
func (s *Stage) Demo(ctx context.Context, o DemoOptions) (Figures, error) {
	tell := func(format string, args ...any) {
		if o.Out != nil {
			_, _ = fmt.Fprintf(o.Out, format+"\n", args...) // a reader that has gone does not stop the measurement
		}
	}
	if err := s.prepare(ctx, o, tell); err != nil {
		return Figures{}, err
	}
	code, err := s.invite(ctx, o.People)
	if err != nil {
		return Figures{}, err
	}
	tell("· an invite code for %d people", o.People)
	if err := s.Serve(ctx); err != nil {
		return Figures{}, err
	}
	f := Figures{StartToReady: float64(s.Daemon.StartToReady.Microseconds()) / 1000}
	tell("· the daemon is ready after %.0f ms; %d people talk %s", f.StartToReady, o.People, howLong(o.For))

	leave, left := context.WithCancel(ctx)
	defer left()
	cfg := rehearsal.Config{
		People: o.People, Duration: o.For, Seed: o.Seed, Out: o.Talk, Colour: o.Colour, Logger: s.options.Logger,
		Join: func(int) string { return "/activate " + code },
	}
	shown := make(chan error, 1)
	if o.Screen == nil {
		shown <- nil
	} else {
		gone := make(chan struct{})
		cfg.Enough = gone
		go func() {
			shown <- o.Screen(leave, s.Daemon)
			tell("· waiting for the answers that are on their way")
			close(gone)
		}()
	}
	f.Report, err = rehearsal.Run(ctx, s.Telegram, cfg)
	left() // a screen does not outlive what it shows
	if err = errors.Join(err, <-shown); err != nil {
		return f, err
	}
	return f, s.measure(ctx, &f)
}

func howLong(d time.Duration) string {
	if d == 0 {
		return "until the screen is left"
	}
	return "for " + d.String()
}

// prepare makes the tables, fills them, and then builds the indexes: as long as that takes, a rebuild will.
func (s *Stage) prepare(ctx context.Context, o DemoOptions, tell func(string, ...any)) error {
	tell("· applying the migrations to a private PostgreSQL")
	engine, err := schema.NewEngine(migrations.Config{URL: s.DatabaseURL(), Logger: s.options.Logger})
	if err != nil {
		return fmt.Errorf("load the migrations: %w", err)
	}
	if _, err := engine.Up(ctx, migrations.UpOptions{OnlyTransactional: true}); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	past := bench.Past{Messages: o.Messages, Seed: o.Seed, Level: progress.LevelFor}
	for i := range o.People {
		past.People = append(past.People, bench.Someone{ID: rehearsal.FirstUser + int64(i), Name: rehearsal.NameOf(i)})
	}
	for i := range o.Silent {
		past.Silent = append(past.Silent, bench.Someone{ID: firstSilent + int64(i), Name: rehearsal.NameOf(i)})
	}
	if o.Messages > 0 {
		began := time.Now()
		if o.Progress == nil {
			o.Progress = func(string, int64, int64) {}
		}
		err := past.Write(ctx, s.DatabaseURL(), o.Progress)
		if o.Prepared != nil {
			o.Prepared()
		}
		if err != nil {
			return err
		}
		tell("· %d messages and what goes with them for each of %d people, of half a year; %d members who are silent (%.1f s)",
			o.Messages, o.People, o.Silent, time.Since(began).Seconds())
	}
	_, err = s.Run(ctx, "migrate", "up")
	return err
}

// invite makes a code for so many people.
func (s *Stage) invite(ctx context.Context, people int) (string, error) {
	raw, err := s.Run(ctx, "invite", "create", "--uses", strconv.Itoa(people), "-o", "json")
	if err != nil {
		return "", err
	}
	var made struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(raw, &made); err != nil || made.Code == "" {
		return "", fmt.Errorf("read the invite code: %w", err)
	}
	return made.Code, nil
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
