package sampler

import (
	"slices"
	"strings"

	"healthagent/tui/source"
)

// SetDoctor says what a look at the installation has found; nobody may change it afterwards.
func (s *Sampler) SetDoctor(d *source.Doctor) { s.hub.publish(&source.Snapshot{Doctor: d}) }

// ownEyes are the checks of the installation for things that are seen here all the time: what they say is some minutes old.
func ownEyes() []string {
	return []string{
		"database-reachable", "database-vacuum", "database-wraparound", "database-idle", "schema-migrations", "schema-indexes",
		"cache-reachable", "telegram-bot", "disk-state", "memory-free",
	}
}

// ofDoctor is what the last look at the installation found that is not well.
func ofDoctor(state *source.Snapshot) (items []source.Item) {
	if state.Doctor == nil {
		return nil
	}
	own := ownEyes()
	for _, f := range state.Doctor.Checks {
		if f.Verdict != source.Warn && f.Verdict != source.Fail || slices.Contains(own, f.Code) {
			continue
		}
		kind, _, _ := strings.Cut(f.Code, "-")
		items = append(items, source.Item{
			Severity: f.Verdict, Kind: kind, Subject: f.Title, Text: f.Text, Remedy: f.Remedy, Screen: screenOf(kind),
		})
	}
	return items
}

// screenOf is the screen that shows what a kind of check is about.
func screenOf(kind string) string {
	switch kind {
	case "database":
		return onActivity
	case "schema":
		return onMigrations
	case "cache":
		return onCache
	default:
		return onLog
	}
}
