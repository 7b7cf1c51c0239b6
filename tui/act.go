package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/source"
)

// dialogue is an act that is looked at, done or watched.
type dialogue struct{}

func (d *dialogue) tick(time.Time)                   {}
func (d *dialogue) show(*source.Snapshot, time.Time) {}
func (d *dialogue) resize(int, int)                  {}
func (d *dialogue) view() string                     { return "" }
func (d *dialogue) title() string                    { return "" }

func (m *Model) openAct(source.Act) tea.Cmd     { return nil }
func (m *Model) attach(source.Run) tea.Cmd      { return nil }
func (m *Model) pressDialog(tea.KeyMsg) tea.Cmd { return nil }
func (m *Model) dialogRoom() (int, int)         { return m.room() }
func (m *Model) dialogSeen() bool               { return m.dialog != nil }
