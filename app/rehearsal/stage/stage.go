// Package stage puts the whole product up in a temporary directory: a private PostgreSQL and Redis, the simulated Telegram, and the
// daemon as a process of its own, the very one that production runs. The demo, the load tests and the end-to-end tests play on it.
//
// Nothing of it survives, and nothing outside is touched: no system service, no env file, no DATABASE_URL of the caller.
package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"healthagent/app/rehearsal/botapi"
	"healthagent/store/local"
)

// token is no secret: it opens the simulated Telegram only.
const token = "4711000:rehearsal-token-of-nobody"

// Options is what a stage needs.
type Options struct {
	Executable  string   // of healthagent
	DatabaseURL string   // somebody else's PostgreSQL, which stays as it is; empty: a private one
	RedisURL    string   // somebody else's Redis
	Redis       bool     // a private Redis; with neither the cache is the daemon's memory
	Fast        bool     // give up durability for speed
	Limits      bool     // the simulated Telegram enforces Telegram's limits
	Readers     int      // uncached readers in the daemon, see package reader
	Settings    []string // more of the daemon's environment, as NAME=value; they win over the stage's own
	Logger      *slog.Logger
}

// Stage is the product, put up. Close must be called.
type Stage struct {
	options  Options
	temp     *local.Temp
	dir      string
	api      string
	postgres *local.Postgres
	redis    *local.Redis
	started  []*Daemon // all that were ever started
	Telegram *botapi.Server
	Daemon   *Daemon // nil before Serve
}

// New puts up everything but the daemon.
func New(ctx context.Context, o Options) (_ *Stage, err error) {
	s := &Stage{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// it also clears away what a stage that was killed has left behind
	if s.temp, err = local.NewTemp(ctx, "healthagent-demo"); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	s.dir = s.temp.Path
	if err = s.startServers(ctx); err != nil {
		return nil, err
	}
	config := botapi.Config{Token: token}
	if o.Limits {
		config.Limits = botapi.TelegramLimits()
	}
	s.Telegram = botapi.New(config)
	if s.api, err = s.Telegram.Start(""); err != nil {
		return nil, fmt.Errorf("start the simulated Telegram: %w", err)
	}
	return s, nil
}

// startServers starts the servers that nobody gave us.
func (s *Stage) startServers(ctx context.Context) (err error) {
	own := local.Options{Dir: s.State(), Fast: s.options.Fast, Logger: s.options.Logger}
	if s.options.DatabaseURL == "" {
		if s.postgres, err = local.StartPostgres(ctx, own); err != nil {
			return fmt.Errorf("start a private PostgreSQL: %w", err)
		}
	}
	if s.options.Redis && s.options.RedisURL == "" {
		if s.redis, err = local.StartRedis(ctx, own); err != nil {
			return fmt.Errorf("start a private Redis: %w", err)
		}
	}
	return nil
}

// State is the daemon's state directory, and all that the stage has on disk. Close removes it.
func (s *Stage) State() string { return s.dir }

// Transcript is where what people and bot say may be written; Close removes it.
func (s *Stage) Transcript() string { return filepath.Join(s.dir, "transcript.log") }

// Token is the bot's, which must stand in no log.
func (s *Stage) Token() string { return token }

// DatabaseURL is that of the private database, or the one of the options.
func (s *Stage) DatabaseURL() string {
	if s.postgres == nil {
		return s.options.DatabaseURL
	}
	return s.postgres.URL()
}

// environment is all that the daemon knows: of the caller's environment only where programs are.
func (s *Stage) environment() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(),
		"TELEGRAM_TOKEN=" + token, "TELEGRAM_API_URL=" + s.api,
		"HEALTHAGENT_ENV_FILE=" + s.envFile(), "HEALTHAGENT_STATE_DIR=" + s.State(),
	}
	if s.postgres == nil {
		env = append(env, "DATABASE_URL="+s.options.DatabaseURL)
	}
	if s.redis != nil {
		env = append(env, "REDIS_URL="+s.redis.URL())
	} else if s.options.RedisURL != "" {
		env = append(env, "REDIS_URL="+s.options.RedisURL)
	}
	if cover := os.Getenv("GOCOVERDIR"); cover != "" {
		env = append(env, "GOCOVERDIR="+cover)
	}
	return append(env, s.options.Settings...)
}

// envFile is an empty one: the machine's own is not the demo's business.
func (s *Stage) envFile() string { return filepath.Join(s.dir, "empty.env") }

// Close stops everything and removes the directory. Closing twice is allowed.
func (s *Stage) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs []error
	for _, d := range s.started {
		errs = append(errs, d.Stop(ctx))
	}
	s.started, s.Daemon = nil, nil
	if s.Telegram != nil {
		s.Telegram.Close()
		s.Telegram = nil
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Close(ctx))
		s.redis = nil
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Close(ctx))
		s.postgres = nil
	}
	if s.temp != nil {
		errs = append(errs, s.temp.Remove(ctx))
		s.temp = nil
	}
	return errors.Join(errs...)
}
