package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/app/coach"
	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/food"
	"healthagent/app/rehearsal/reader"
	"healthagent/app/report"
	"healthagent/app/sampler"
	"healthagent/app/telegram"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/store/local"
	"healthagent/systemd"
	"healthagent/tui/source"
)

// drainTime is what a stop takes at most, within systemd's patience.
const drainTime = 8 * time.Second

// Options is what Serve needs. Config must have a token.
type Options struct {
	Config  config.Config
	Report  *config.Report // where the settings came from; nil: not known
	Version string
	Logger  *slog.Logger
	Getenv  func(string) string // for systemd's socket; nil: os.Getenv
	Now     func() time.Time    // nil: time.Now
	Readers int                 // of a demo, see package reader; 0: this is a real service

	AlarmEvery time.Duration // between two looks at what the administrators should know; 0: as it should be
}

// daemon is the running service.
type daemon struct {
	Options
	log     *slog.Logger
	now     func() time.Time
	started time.Time
	notify  *systemd.Notifier

	cluster *local.Postgres // nil: the database is somebody else's
	url     string
	store   *store.Store
	bot     *telegram.Service
	coach   *coach.Coach
	remind  *scheduler
	engine  *migrations.Engine
	monitor *inspect.Inspector // one connection beside the pool: it must answer when the pool is exhausted
	plans   *report.Plans
	indexes indexWork
	sampler *sampler.Sampler // looks at all of it, from the beginning on
	acts    *acts.Runner     // of operators; made when the start is over
	doctor  *examiner        // looks at the installation, from the beginning on

	phase  atomic.Pointer[string] // what the start is waiting for; nil: started
	awaits atomic.Pointer[string] // the component that it can only wait for; nil: it is at work
	leads  atomic.Bool
	rival  atomic.Pointer[string] // who leads instead
	ended  string                 // how the process before this one did; empty: as it should
	mute   atomic.Bool            // another process works for the bot, and tells the administrators
	beat   atomic.Int64           // when a loop of ours last turned
	cpu    cpuMeter
	aside  sync.WaitGroup // what runs until the servers end
}

// Serve runs the service until ctx ends and returns nil then. It ends by itself only for what waiting cannot mend: a configuration
// that is wrong (fault.Config), a second daemon on the socket, a database of a newer program.
func Serve(ctx context.Context, o Options) error {
	d, err := build(o)
	if err != nil {
		return err
	}
	listener, err := admin.Listen(o.Config.AdminSocket)
	if err != nil {
		return fault.Wrap(fault.Conflict, "the admin socket cannot be opened", err)
	}
	defer d.leaveMark()()
	d.sampler = sampler.New(sampler.Config{
		Version: o.Version, Label: d.label(), Dir: o.Config.StateDir, Phase: d.phaseText, Now: d.now, Logger: d.log,
	})
	// the servers outlive the work: what drains needs the database, and who looks wants to see it drain
	house, shut := context.WithCancel(context.WithoutCancel(ctx))
	defer shut()
	group, house := errgroup.WithContext(house)
	defer context.AfterFunc(ctx, d.sayStopping)()
	ctx, stop := context.WithCancel(ctx)
	defer context.AfterFunc(house, stop)() // without its socket the daemon does not go on
	defer stop()
	group.Go(func() error {
		return admin.Serve(house, listener, admin.Handler(d.source(), d.log))
	})
	group.Go(func() error { d.feedWatchdog(house); return nil })
	group.Go(func() error { d.sampler.Run(house); return nil })
	err = d.live(ctx, house)
	d.sayStopping()
	shut()
	err = errors.Join(err, group.Wait())
	d.aside.Wait()
	err = errors.Join(err, d.close())
	if err == nil {
		d.log.Info("stopped")
	}
	return err
}

// leaveMark marks that the daemon runs, and returns what takes the mark away. It comes after the socket is ours: so no other daemon has
// this state directory.
func (d *daemon) leaveMark() (clear func()) {
	m := markIn(d.Config.StateDir)
	unit := "the service"
	if d.notify.Active() {
		unit = "healthagent.service"
	}
	var err error
	if d.ended, err = m.set(unit); err != nil {
		d.log.Warn("marking that this process runs", "error", err)
	}
	if d.ended != "" {
		d.log.Warn("the process before this one", "ended", d.ended)
	}
	return func() {
		if err := m.clear(); err != nil {
			d.log.Warn("this process was not marked as running", "error", err)
		}
	}
}

// sayStopping tells systemd at the beginning of the drain, not at its end.
func (d *daemon) sayStopping() {
	d.notify.Stopping()
	d.notify.Status("stopping: finishing what is at work")
}

func build(o Options) (*daemon, error) {
	if err := o.Config.Require("TELEGRAM_TOKEN"); err != nil {
		return nil, err
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &daemon{Options: o, log: o.Logger, now: o.Now, started: o.Now(), notify: systemd.New(o.Getenv)}
	d.doctor = newExaminer(d)
	d.setPhase("starting")
	bot, err := telegram.BotID(o.Config.TelegramToken.Reveal())
	if err != nil || bot == 0 {
		return nil, fault.Wrap(fault.Config, "TELEGRAM_TOKEN is no bot token", err)
	}
	if err := makeStateDir(o.Config.StateDir, o.Config.DatabaseURL.Reveal() == ""); err != nil {
		return nil, fault.Wrap(fault.Config, "the state directory cannot be made", err)
	}
	d.cpu.percent(d.started) // the first question is answered from here on
	return d, nil
}

// makeStateDir makes the state directory for us alone. For root's private cluster others may pass through it, since PostgreSQL runs
// as its own user; they still cannot list it. One that is there stays as its owner made it.
func makeStateDir(dir string, cluster bool) error {
	mode := os.FileMode(0o700)
	if cluster && os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // as directories above are
		return err
	}
	err := os.Mkdir(dir, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(dir, mode) // whatever the umask left
}

// phaseText is what the start waits for; empty: it is over.
func (d *daemon) phaseText() string {
	if phase := d.phase.Load(); phase != nil {
		return *phase
	}
	return ""
}

func (d *daemon) setPhase(text string) {
	d.awaits.Store(nil)
	d.phase.Store(&text)
	d.notify.Status(text)
}

// live starts, works and drains.
func (d *daemon) live(ctx, house context.Context) error {
	if err := d.start(ctx, house); err != nil {
		return stopped(ctx, err)
	}
	d.beat.Store(d.now().UnixNano())
	d.acts = d.newActs()
	d.phase.Store(nil)
	d.log.Info("ready", "version", d.Version, "pool", d.store.PoolStats().String(), "cache", d.store.Cache().Backend(),
		"start", d.now().Sub(d.started).Round(time.Millisecond))
	d.sampler.Note(source.Event{Level: "info", Kind: "daemon", Text: "ready after " + d.now().Sub(d.started).Round(time.Millisecond).String()})
	d.sampler.Poke()
	d.notify.Status("ready")
	if err := d.notify.Ready(); err != nil {
		d.log.Warn("telling the service manager", "error", err)
	}

	group, work := errgroup.WithContext(ctx)
	group.Go(func() error { d.bot.Greet(work, d.coach.Commands()); return nil })
	group.Go(func() error { d.store.WatchPool(work, time.Minute); return nil })
	group.Go(func() error { d.upkeep(work); return nil })
	group.Go(func() error { d.doctor.run(work); return nil })
	group.Go(func() error { d.acts.Run(work); return nil })
	group.Go(func() error { d.buildIndexes(work); return nil })
	group.Go(func() error { d.reindexer().run(work); return nil })
	group.Go(func() error { d.status(work); return nil })
	group.Go(func() error { d.lead(work); return nil })
	if d.Readers > 0 {
		group.Go(func() error {
			reader.Run(work, reader.Config{Readers: d.Readers, Store: d.store, Now: d.now, Logger: d.log})
			return nil
		})
	}
	return stopped(ctx, group.Wait())
}

// start brings up what the work needs, and asks for the time that it takes.
func (d *daemon) start(ctx, house context.Context) error {
	starting, started := context.WithCancel(ctx)
	var patience sync.WaitGroup
	patience.Go(func() { d.askPatience(starting) })
	defer patience.Wait()
	defer started()
	if err := d.open(ctx, house); err != nil {
		return err
	}
	d.aside.Go(func() { d.raiseAlarms(ctx) })
	return d.prepareDatabase(ctx)
}

// stopped is nil for an end that was asked for.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled) || store.Unavailable(err)) {
		return nil
	}
	return err
}

// open builds the rooms. Only a private cluster is waited for here.
func (d *daemon) open(ctx, house context.Context) error {
	c := d.Config
	d.url = c.DatabaseURL.Reveal()
	if d.url == "" {
		if err := d.startCluster(ctx, house); err != nil {
			return err
		}
	}
	var err error
	d.store, err = store.Open(house, store.Config{
		URL: d.url, RedisURL: c.RedisURL.Reveal(), PoolMin: c.PoolMin, PoolMax: c.PoolMax, SlowQuery: c.SlowQuery,
		Logger: d.log, Now: d.now,
	})
	if err != nil {
		return fault.Wrap(fault.Config, "the store cannot be opened", err)
	}
	if d.monitor, err = inspect.Open(inspect.Config{URL: d.url, Logger: d.log, Now: d.now}); err != nil {
		return fault.Wrap(fault.Config, "the monitor cannot be opened", err)
	}
	d.plans = report.NewPlans(d.monitor, d.now)
	foods, err := food.Load()
	if err != nil {
		return fmt.Errorf("load the foods: %w", err)
	}
	d.bot, err = telegram.New(telegram.Config{
		Token: c.TelegramToken.Reveal(), APIURL: c.TelegramAPIURL, Store: d.store,
		Rate:   telegram.Rate{Overall: c.SendRate.PerSecond, PerChat: c.SendRate.PerChat},
		Admins: c.Admins, Open: c.Access == config.AccessOpen, Drain: drainTime,
		Logger: d.log, Now: d.now, Redact: config.Redactor(c),
	})
	if err != nil {
		return fault.Wrap(fault.Config, "the bot cannot be set up", err)
	}
	d.sampler.Attach(d.samples())
	d.remind = newScheduler(d.store, d.bot, d.now, d.log)
	d.coach = coach.New(coach.Config{
		Store: d.store, Foods: foods, Open: c.Access == config.AccessOpen, Admins: c.Admins,
		Render: d.bot.Render, Committed: d.bot.Wake, Reminders: d.remind.wakeUp, Now: d.now, Logger: d.log,
	})
	return nil
}

// lead works for the bot whenever this process has its lock, and waits for the lock otherwise.
func (d *daemon) lead(ctx context.Context) {
	const again = 2 * time.Second
	var interrupted lapse
	for ctx.Err() == nil {
		err := d.store.Lead(ctx, d.bot.BotID(), d.remind.wakeUp, func(ctx context.Context) error {
			d.leads.Store(true)
			d.mute.Store(false)
			d.rival.Store(nil)
			defer d.leads.Store(false)
			log := d.log
			if pause := interrupted.over(d.now()); pause > 0 {
				log = log.With("after", pause.Round(time.Millisecond))
			}
			log.Info("this process works for the bot", "bot", d.bot.BotID())
			group, work := errgroup.WithContext(ctx)
			group.Go(func() error { d.remind.run(work); return nil })
			group.Go(func() error { return d.bot.Run(work, d.coach) })
			return group.Wait()
		})
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, store.ErrHeld) {
			d.mute.Store(true)
			who := err.Error()
			if old := d.rival.Swap(&who); old == nil || *old != who {
				d.log.Warn("not working for the bot", "reason", who)
			}
		} else if d.rival.Store(nil); err != nil {
			interrupted.failed(d.log, d.now(), "working for the bot was interrupted", store.Reason(err))
		}
		wait(ctx, again)
	}
}

func (d *daemon) close() error {
	if d.monitor != nil {
		d.monitor.Close()
	}
	if d.store != nil {
		d.store.Close()
	}
	if d.cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := d.cluster.Close(ctx); err != nil {
		return fmt.Errorf("stop the private database: %w", err)
	}
	return nil
}

// wait pauses; false when ctx ended before.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
