package tui

import (
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// placeholder stands where a screen is not there yet.
type placeholder struct {
	name          string
	look          *look.Look
	width, height int
}

func (p *placeholder) Name() string                     { return p.name }
func (p *placeholder) Resize(w, h int)                  { p.width, p.height = w, h }
func (p *placeholder) Show(*source.Snapshot, time.Time) {}
func (p *placeholder) Hints() []keys.Action             { return []keys.Action{keys.Open} }
func (p *placeholder) View() string {
	return widget.Fit(p.look, []string{" " + p.name}, p.width, p.height)
}

func (p *placeholder) Press(keys.Action) (screen.Intent, bool) {
	return screen.Intent{}, false
}
