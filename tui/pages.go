package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/screen"
	"healthagent/tui/source"
)

// page is a place for what is answered to a question of a screen.
func page(path string) (into any, limit time.Duration) {
	if path == source.ActivityPath {
		return &source.Activity{}, pageTime
	}
	if strings.HasPrefix(path, source.PlanPath("", false)) {
		return &source.Plan{}, planTime
	}
	return nil, 0
}

// askFor asks for a page on behalf of a screen, which is told the answer wherever it is then.
func (m *Model) askFor(at int, path string) tea.Cmd {
	into, limit := page(path)
	answerer, ok := m.screens[at].(screen.Answerer)
	if into == nil || !ok {
		return nil
	}
	kind := fmt.Sprintf("page of screen %d", at+1)
	return m.ask(kind, path, limit, func(ctx context.Context) (any, error) {
		if err := m.source.Ask(ctx, path, into); err != nil {
			return nil, err
		}
		return into, nil
	}, func(value any, err error) tea.Cmd {
		answerer.Answer(path, value, err)
		return nil
	})
}

// poll asks again for what the seen screen wants asked again and again, when it is time.
func (m *Model) poll(now time.Time) tea.Cmd {
	path, every := m.wants()
	if path == "" || m.paused || m.mode == inDialog || now.Sub(m.polled) < every-100*time.Millisecond ||
		m.asking(fmt.Sprintf("page of screen %d", m.at+1)) {
		return nil
	}
	m.polled = now
	return m.askFor(m.at, path)
}

// pollNow does so at once, for a screen that has just come into sight.
func (m *Model) pollNow() tea.Cmd {
	path, _ := m.wants()
	if path == "" || m.asking(fmt.Sprintf("page of screen %d", m.at+1)) {
		return nil
	}
	m.polled = m.now()
	return m.askFor(m.at, path)
}

func (m *Model) wants() (path string, every time.Duration) {
	if p, ok := m.seen().(screen.Poller); ok {
		return p.Poll()
	}
	return "", 0
}
