package cli

import (
	"healthagent/app/config"
	"healthagent/app/direct"
	"healthagent/app/fault"
	"healthagent/store/local"
	"healthagent/tui/source"
)

// tuiSource is where the screen has its state from: the daemon, the service manager's word on why that is down, and meanwhile the database
// itself when its address is known: that of the private database is when it runs while the screen is opened. It outlives a daemon that
// was killed, and is never started from here. The caller calls done.
func (t *terminal) tuiSource(cfg config.Config, report *config.Report, readOnly bool) (from source.Source, done func(), err error) {
	daemon := source.NewClient(source.ClientConfig{Sockets: cfg.ClientSockets(), Diagnose: direct.Unit{}.Diagnose, Now: t.now})
	both := source.FailoverConfig{Primary: daemon, Now: t.now}
	url, known := cfg.DatabaseURL.Reveal(), true
	if url == "" {
		url, known = local.RunningURL(cfg.StateDir)
	}
	if !known {
		return source.NewFailover(both), func() {}, nil
	}
	database, err := direct.Open(direct.Config{
		URL: url, Version: t.build.info().Version, StateDir: cfg.StateDir, ReadOnly: readOnly, Slow: cfg.SlowQuery,
		As: t.databaseUser(report), Now: t.now,
	})
	if err != nil {
		return nil, nil, fault.Wrap(fault.Config, "the address of the database cannot be understood", err)
	}
	both.Direct = database
	return source.NewFailover(both), database.Close, nil
}

// databaseUser is as whom root asks the database of an installed server, where PostgreSQL knows its clients by their OS user; nil: as the
// caller. Unlike asService it leaves the process root: the daemon is asked by who acts.
func (t *terminal) databaseUser(report *config.Report) *direct.Identity {
	service, err := t.system.lookup(serviceUser)
	if err != nil || t.system.uid() != 0 || report.Source("DATABASE_URL").Origin != config.EnvFile {
		return nil
	}
	uid, gid, err := ids(service)
	if err != nil || uid == 0 {
		return nil
	}
	return &direct.Identity{Name: service.Username, UID: uid, GID: gid}
}
