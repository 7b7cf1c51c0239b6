// Package keys is the one list of what every key does. The help, the line at the foot of the screen, the manual page and the table in
// the documentation are made of it.
package keys

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
)

// Kind says whether a key changes the system. The zero value is that it does, so that forgetting it is safe.
type Kind int

// The kinds.
const (
	Act Kind = iota
	Look
)

// Action is what a key means. The screens and the dialogs know actions, never keys.
type Action string

// The actions.
const (
	Screen1   Action = "overview"
	Screen2   Action = "queries"
	Screen3   Action = "indexes"
	Screen4   Action = "migrations"
	Screen5   Action = "activity"
	Screen6   Action = "cache"
	Screen7   Action = "log"
	NextPane  Action = "next pane"
	PrevPane  Action = "previous pane"
	Up        Action = "up"
	Down      Action = "down"
	PageUp    Action = "page up"
	PageDown  Action = "page down"
	HalfUp    Action = "half a page up"
	HalfDown  Action = "half a page down"
	First     Action = "first"
	Last      Action = "last"
	Open      Action = "open"
	Back      Action = "back"
	Filter    Action = "filter"
	NextMatch Action = "next match"
	PrevMatch Action = "previous match"
	SortLeft  Action = "sort by the column to the left"
	SortRight Action = "sort by the column to the right"
	SortNext  Action = "sort by another column"
	Reverse   Action = "reverse the order"
	Detail    Action = "detail"
	Pause     Action = "pause"
	Faster    Action = "faster"
	Slower    Action = "slower"
	Refresh   Action = "refresh"
	Explain   Action = "explain"
	Unused    Action = "unused"
	Invalid   Action = "invalid"
	Redundant Action = "redundant"
	Bloated   Action = "bloated"
	Follow    Action = "follow"
	Copy      Action = "copy"
	CopyAll   Action = "copy all"
	LogOf     Action = "log of it"
	ShowRun   Action = "show the run"
	Help      Action = "help"
	Quit      Action = "quit"
	Interrupt Action = "interrupt"
	Suspend   Action = "suspend"

	Rollback  Action = "roll back"
	Apply     Action = "apply"
	Undo      Action = "undo"
	CancelRun Action = "cancel the statement"
	EndRun    Action = "end the session"
	Fix       Action = "fix an invalid index"
	DropIndex Action = "drop an index"
	BuildIt   Action = "build an index"
)

// Binding is what one or more keys do.
type Binding struct {
	key.Binding
	Action Action
	Where  string // all, lists, or names of screens
	Short  string // one word of what it does, for the line at the foot
	Kind   Kind
}

// On reports whether the key does something on a screen, which is named as its tab.
func (b Binding) On(screen string) bool {
	for where := range strings.SplitSeq(b.Where, ", ") {
		switch where {
		case "all", screen:
			return true
		case "lists":
			if slices.Contains(lists(), screen) {
				return true
			}
		}
	}
	return false
}

// lists are the screens that are lists in the first place.
func lists() []string { return []string{"Queries", "Indexes", "Migrations", "Activity"} }

// Map is the keys as they are for one person. It is not altered after New.
type Map struct {
	bindings []Binding
	readOnly string
}

// New makes the keys. readOnly is why this person may not act; empty: they may. Acts are then disabled, and Refusal says why.
func New(readOnly string) *Map {
	m := &Map{bindings: all(), readOnly: readOnly}
	for i := range m.bindings {
		if b := &m.bindings[i]; b.Kind == Act && readOnly != "" {
			b.SetEnabled(false)
		}
	}
	return m
}

// Bindings returns all of them, in the order of the documentation. The slice is the caller's.
func (m *Map) Bindings() []Binding { return slices.Clone(m.bindings) }

// Of returns the binding of an action; the zero Binding when there is none.
func (m *Map) Of(a Action) Binding {
	for _, b := range m.bindings {
		if b.Action == a {
			return b
		}
	}
	return Binding{}
}

// Action is what a pressed key, as bubbletea names it, means here; empty: nothing. refusal is why it does nothing for this person.
func (m *Map) Action(pressed string) (a Action, refusal string) {
	for _, b := range m.bindings {
		if !slices.Contains(b.Keys(), pressed) {
			continue
		}
		if b.Kind == Act && m.readOnly != "" {
			return "", m.readOnly
		}
		return b.Action, ""
	}
	return "", ""
}

// ReadOnly is why this person may not act; empty: they may.
func (m *Map) ReadOnly() string { return m.readOnly }
