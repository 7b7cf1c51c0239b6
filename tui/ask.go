package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// How long an answer is waited for.
const (
	pageTime    = 5 * time.Second
	planTime    = 35 * time.Second // the server has 30 for what is asked on demand
	previewTime = 35 * time.Second
	doTime      = 15 * time.Second
)

// request is one kind of question. Two of a kind never run at once: the next starts when the one under way has ended, which it is asked
// to do at once.
type request struct {
	number int // of the newest question; an answer with another one is dropped
	path   string
	busy   bool
	cancel context.CancelFunc
	done   func(value any, err error) tea.Cmd // called in Update with the answer
	next   func() tea.Cmd
}

// ask starts a question of this kind as a command, or puts it in place of the one that waits its turn. work runs outside of Update; done
// is called in Update, and only when nothing newer was asked meanwhile.
func (m *Model) ask(kind, path string, limit time.Duration, work func(context.Context) (any, error), done func(any, error) tea.Cmd) tea.Cmd {
	r := m.requests[kind]
	if r == nil {
		r = &request{}
		m.requests[kind] = r
	}
	r.number++
	r.path, r.done = path, done
	number := r.number
	start := func() tea.Cmd {
		ctx, cancel := context.WithTimeout(m.ctx, limit)
		r.busy, r.cancel = true, cancel
		return m.guard.answer(kind, number, func() (any, error) {
			defer cancel()
			return work(ctx)
		})
	}
	if r.busy {
		r.cancel()
		r.next = start
		return nil
	}
	return start()
}

// asking reports whether a question of this kind is under way.
func (m *Model) asking(kind string) bool { return m.requests[kind] != nil && m.requests[kind].busy }

// forget drops the answer of what is under way of this kind.
func (m *Model) forget(kind string) {
	if r := m.requests[kind]; r != nil {
		r.number++
		r.next = nil
		if r.busy {
			r.cancel()
		}
	}
}

func (m *Model) answered(a answerMsg) tea.Cmd {
	r := m.requests[a.kind]
	if r == nil {
		return nil
	}
	r.busy = false
	var cmds []tea.Cmd
	if a.number == r.number {
		cmds = append(cmds, r.done(a.value, a.err))
	}
	if start := r.next; start != nil && !r.busy {
		r.next = nil
		cmds = append(cmds, start())
	}
	return tea.Batch(cmds...)
}
