package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/source"
)

// mailbox holds the newest state that nobody has taken yet. A slow terminal skips states; it never queues them.
type mailbox chan *source.Snapshot

func newMailbox() mailbox { return make(mailbox, 1) }

// put never blocks. There is one that puts.
func (b mailbox) put(s *source.Snapshot) {
	for {
		select {
		case b <- s:
			return
		default:
		}
		select {
		case <-b:
		default:
		}
	}
}

// take waits for the next state; nil once ctx has ended.
func (b mailbox) take(ctx context.Context) tea.Msg {
	select {
	case s := <-b:
		return snapshotMsg{s}
	case <-ctx.Done():
		return nil
	}
}
