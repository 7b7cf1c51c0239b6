// Package screen is the seven screens. A screen is a value that draws a state and says what a key means on it; it knows no terminal, no
// clock and no way to the daemon: what has to be done it gives back as an Intent.
package screen

import (
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/source"
)

// Screen is one of the seven. It is used by one goroutine.
type Screen interface {
	// Name is that of its tab: Overview.
	Name() string
	// Resize gives it its room, in columns and lines, which may be very little.
	Resize(width, height int)
	// Show gives it a new state and the time at which it is drawn, for ages. s is never nil, but every part of it may be.
	Show(s *source.Snapshot, now time.Time)
	// Press tells it what a key means. handled is false for what it does not know.
	Press(a keys.Action) (i Intent, handled bool)
	// View draws it: exactly height lines of at most width columns, without a line break at the end.
	View() string
	// Hints are the actions that the line at the foot names, the most useful first.
	Hints() []keys.Action
}

// Intent is what a screen wants done. Of its fields one or none is set, Subject aside.
type Intent struct {
	Open    keys.Action // another screen
	Subject string      // what to select there
	Act     *source.Act // ask for its preview
	Ask     string      // a page to ask the source for; what it answers goes to Answer
	Copy    string      // to the terminal's clipboard
	Say     string      // on the line for messages
}

// Filterer is a screen whose list can be filtered, or whose text can be searched.
type Filterer interface {
	// Filter is called with each change of the text; empty ends it.
	Filter(text string)
	FilterText() string
}

// Answerer is a screen that asks. Of value and err one is nil; value is what source.Source.Ask filled for that path, a pointer to a
// source.Activity or source.Plan.
type Answerer interface {
	Answer(path string, value any, err error)
}

// Poller is a screen that wants a page again and again while it is seen.
type Poller interface {
	Poll() (path string, every time.Duration)
}

// Selector is a screen on which something can be selected by its name.
type Selector interface {
	Select(subject string)
}

// Stepper is a screen with something open on top of it: a detail, a plan, a filter. Esc and q close that first.
type Stepper interface {
	// Deep reports whether there is something to step back from. Press(keys.Back) then does so.
	Deep() bool
}
