package app

import (
	"context"
	"errors"
	"os"
	"os/user"
	"strconv"
	"sync/atomic"
	"time"

	"healthagent/app/config"
	"healthagent/app/doctor"
	"healthagent/app/fault"
	"healthagent/app/telegram"
	"healthagent/tui/source"
)

// How often the daemon looks at its own installation, and how soon again when somebody asks for it.
const (
	examineFirst = 3 * time.Second
	examineEvery = 5 * time.Minute
	examineAgain = 10 * time.Second
)

// examiner looks at the installation from inside: with what the service's user may see, without the service manager, and beside the pool.
// Its methods may be called concurrently; run is called once.
type examiner struct {
	daemon *daemon
	found  atomic.Pointer[source.Doctor]
	asked  chan struct{}
	look   func(context.Context) doctor.Report

	first, every, again time.Duration
}

func newExaminer(d *daemon) *examiner {
	e := &examiner{daemon: d, asked: make(chan struct{}, 1), first: examineFirst, every: examineEvery, again: examineAgain}
	e.look = func(ctx context.Context) doctor.Report { return doctor.Run(ctx, d.patient()) }
	return e
}

// last is what the last look found; nil: there was none yet. Nobody may change it.
func (e *examiner) last() *source.Doctor { return e.found.Load() }

// ask has the installation looked at anew, soon. It does not block.
func (e *examiner) ask() {
	select {
	case e.asked <- struct{}{}:
	default:
	}
}

// run looks shortly after the start, every few minutes, and when it is asked to, until ctx ends. A demo is no installation.
func (e *examiner) run(ctx context.Context) {
	if e.daemon.label() != "" || !wait(ctx, e.first) {
		return
	}
	for {
		e.examine(ctx)
		if !wait(ctx, e.again) {
			return
		}
		timer := time.NewTimer(e.every - e.again)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-e.asked:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// examine looks once and tells everybody.
func (e *examiner) examine(ctx context.Context) {
	d := e.daemon
	begun := d.now()
	report := e.look(ctx)
	if ctx.Err() != nil {
		return // what it found is that everything is being stopped
	}
	at := d.now()
	found := &source.Doctor{
		Part: source.Part{At: at, TookMS: float64(at.Sub(begun).Microseconds()) / 1000}, OK: report.OK, Checks: report.Checks,
	}
	before := e.found.Swap(found)
	for _, f := range found.Checks {
		if f.Verdict == source.Fail && !failed(before, f.Code) {
			d.log.Warn("a check of the installation fails", "check", f.Code, "text", f.Text)
		}
	}
	d.sampler.SetDoctor(found)
}

// failed reports whether a check had failed in an earlier look.
func failed(d *source.Doctor, code string) bool {
	if d == nil {
		return false
	}
	for _, f := range d.Checks {
		if f.Code == code {
			return f.Verdict == source.Fail
		}
	}
	return false
}

// show is the answer to whoever asks over the socket.
func (e *examiner) show() (*source.Doctor, error) {
	if d := e.last(); d != nil {
		return d, nil
	}
	return nil, fault.New(fault.Unavailable, "the daemon has not looked at its installation yet")
}

// patient is the installation as the daemon sees it.
func (d *daemon) patient() doctor.Patient {
	p := doctor.Patient{
		Config: d.Config, Report: d.Report, Version: d.Version, UID: os.Getuid(), Self: true, Sockets: []string{d.Config.AdminSocket}, Now: d.now,
		Database: doctor.Database{URL: d.url, Monitor: d.monitor, Private: d.cluster != nil},
		Redis:    d.store.Cache().RedisInfo, Telegram: d.knownBot,
	}
	if u, err := user.Lookup(serviceUser); err == nil { // else it is no installed service
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errors.Join(errUID, errGID) == nil {
			p.Service = &doctor.Account{Name: u.Username, UID: uid, GID: gid}
		}
	}
	if p.Report == nil {
		p.Report = &config.Report{}
	}
	return p
}

// serviceUser is the OS user of an installed service.
const serviceUser = "healthagent"

// knownBot says what the bot's own asking has found out: Telegram is not asked once more.
func (d *daemon) knownBot(context.Context) (telegram.Identity, error) {
	state := d.bot.State()
	if t, sick := state.Trouble["polling"]; sick {
		return telegram.Identity{}, errors.New(t.Text)
	}
	return telegram.Identity{ID: d.bot.BotID()}, nil
}
