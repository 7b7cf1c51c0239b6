package cli

import (
	"healthagent/app/config"
	"healthagent/app/direct"
	"healthagent/tui/source"
)

// tuiSource is where the screen has its state from: the daemon, and the service manager's word on why that is down.
func (t *terminal) tuiSource(cfg config.Config) source.Source {
	daemon := source.NewClient(source.ClientConfig{Sockets: cfg.ClientSockets(), Diagnose: direct.Unit{}.Diagnose, Now: t.now})
	return source.NewFailover(source.FailoverConfig{Primary: daemon, Now: t.now})
}
