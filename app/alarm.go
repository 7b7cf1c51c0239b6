package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"healthagent/app/admin"
	"healthagent/app/alarm"
	"healthagent/tui/source"
)

const (
	alarmEvery = 15 * time.Second
	alarmPause = 10 * time.Minute // between tries at most, while Telegram does not take a message
)

// raiseAlarms tells the administrators in Telegram what has turned red, and that it is well again, from the moment on when the bot is set up:
// also while the start waits for PostgreSQL.
func (d *daemon) raiseAlarms(ctx context.Context) {
	if len(d.Config.Admins) == 0 {
		return
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	book, err := alarm.Open(filepath.Join(d.Config.StateDir, "alarm.json"), host, d.now)
	if err != nil {
		d.log.Warn("reading what the administrators were told", "error", err)
	}
	every := d.AlarmEvery
	if every == 0 {
		every = alarmEvery
	}
	if d.ended != "" {
		book.Happened("ended", d.ended, "journalctl -u healthagent.service")
	}
	var seen *source.Doctor
	for pause := time.Duration(0); wait(ctx, pause); { // at once: who is killed again and again does not get far
		findings := d.ailments(ctx)
		if last := d.doctor.last(); last != seen { // each of its looks counts once
			seen, findings = last, append(findings, checks(last, findings)...)
		}
		message, due := book.Look(findings)
		switch {
		case !due || d.mute.Load() || ctx.Err() != nil:
			pause = every
		case d.tell(ctx, book, message):
			pause = every
		default:
			pause = min(2*max(pause, every), alarmPause)
		}
	}
}

// tell sends a message past the outbox, and reports whether anybody got it. What nobody got is told later, if it is still true then.
func (d *daemon) tell(ctx context.Context, book *alarm.Book, message alarm.Message) bool {
	// what is on its way is waited for even while the daemon stops: else nobody would know whether it was told
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	told, err := d.bot.Tell(ctx, message.Text)
	if err != nil {
		d.log.Warn("telling the administrators", "about", message.Codes(), "told", told, "error", err)
	}
	if told == 0 {
		return false
	}
	d.log.Info("the administrators were told", "about", message.Codes(), "told", told)
	if err := book.Told(message); err != nil {
		d.log.Warn("telling the administrators", "error", err)
	}
	return true
}

// ailments are the components as the alarm wants to know them. What is ill because PostgreSQL is away is not judged while it is.
func (d *daemon) ailments(ctx context.Context) []source.Finding {
	if phase := d.phase.Load(); phase != nil {
		what := d.awaits.Load()
		if what == nil {
			return nil // it is at work
		}
		return []source.Finding{component(*what, admin.Component{Verdict: admin.Fail, Text: *phase})}
	}
	parts := d.ready(ctx).Components
	away := parts[postgresPart].Verdict == admin.Fail
	findings := []source.Finding{component(startPart, admin.Component{Verdict: admin.OK})}
	for code, part := range parts {
		finding := component(code, part)
		if away && code != postgresPart {
			finding.Verdict = source.Skip
		}
		findings = append(findings, finding)
	}
	return findings
}

// checks are the doctor's findings as the alarm wants to know them, beside those on the components. What is said of a database that is
// away anyway is skipped.
func checks(found *source.Doctor, components []source.Finding) []source.Finding {
	away := slices.ContainsFunc(components, func(f source.Finding) bool { return f.Code == postgresPart && f.Verdict == source.Fail })
	list := slices.Clone(found.Checks)
	for i, f := range list {
		kind, _, _ := strings.Cut(f.Code, "-")
		list[i].Title = strings.ToUpper(kind[:min(1, len(kind))]) + kind[min(1, len(kind)):] + ", " + f.Title
		if away && (kind == "database" || kind == "schema" || kind == "queues") {
			list[i].Verdict = source.Skip
		}
	}
	return list
}

// The components that the start can wait for.
const (
	postgresPart = "postgresql"
	startPart    = "start"
)

func component(code string, c admin.Component) source.Finding {
	titles := map[string]string{
		postgresPart: "PostgreSQL", startPart: "Start", "cache": "Redis", "telegram": "Telegram", "sending": "Sending", "outbox": "Outbox",
		"inbox": "Inbox", "leader": "The bot's lock", "indexes": "Indexes",
	}
	title, known := titles[code]
	if !known {
		title = code
	}
	return source.Finding{Code: code, Title: title, Verdict: source.Verdict(c.Verdict), Text: c.Text, Remedy: "healthagent doctor"}
}
