package tui

import (
	"os"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// exit sees to it that the program ends once it is to end.
type exit struct {
	restore func() // puts the terminal back; may hang
	leave   func() // ends the process

	mu     sync.Mutex
	timer  *time.Timer
	over   bool
	signal os.Signal
}

// begin says that the end has begun. When it is not done in time, the terminal is put back from here and the process ends.
func (e *exit) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer == nil && !e.over {
		e.timer = time.AfterFunc(exitTime, e.cut)
	}
}

// by says which signal it was; nil for none.
func (e *exit) by(s os.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signal = s
}

func (e *exit) signalled() os.Signal {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.signal
}

// done says that the program has ended by itself.
func (e *exit) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	if e.timer != nil {
		e.timer.Stop()
	}
}

func (e *exit) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return
	}
	// a terminal that takes nothing holds up the writing, and must not hold up the end
	time.AfterFunc(exitTime/4, e.leave)
	e.restore()
	e.leave()
}

// watched is a filter of messages that changes none of them: it sees the end begin, wherever it comes from.
func (e *exit) watched(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.QuitMsg, tea.InterruptMsg:
		e.begin()
	}
	return msg
}
