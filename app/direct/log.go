package direct

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"healthagent/tui/source"
)

// screenLog turns what is logged from warnings on into lines of the screen's own log: written to the terminal they would be drawn over.
type screenLog struct {
	note  func(source.Event)
	attrs []string
}

func (h screenLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h screenLog) Handle(_ context.Context, r slog.Record) error {
	words := append([]string{r.Message}, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" { // it would be a page
			words = append(words, a.String())
		}
		return true
	})
	e := source.Event{Time: r.Time, Level: "warn", Kind: "screen", Text: source.CleanText(strings.Join(words, " "), false)}
	if r.Level >= slog.LevelError {
		e.Level = "error"
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	h.note(e)
	return nil
}

func (h screenLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := append([]string(nil), h.attrs...)
	for _, a := range attrs {
		all = append(all, a.String())
	}
	return screenLog{h.note, all}
}

func (h screenLog) WithGroup(string) slog.Handler { return h }
