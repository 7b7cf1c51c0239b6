package tui

import (
	"time"

	"healthagent/tui/source"
)

// snapshotMsg is a new state.
type snapshotMsg struct{ state *source.Snapshot }

// clockMsg comes once a second. One of an older chain than the present one is dropped, and its chain with it.
type clockMsg struct{ chain int }

// answerMsg is the end of a request. What it was asked for is known by kind and number only: an older number is no longer wanted.
type answerMsg struct {
	kind   string
	number int
	value  any
	err    error
}

// copiedMsg says that a text was sent to the terminal's clipboard, or why not.
type copiedMsg struct {
	bytes int
	err   error
}

// message is what stands on the line for messages.
type message struct {
	text string
	at   time.Time
	// failed: it stays until a key is pressed. Others go by themselves.
	failed bool
}

// noteTime is how long a message that is no error stays.
const noteTime = 15 * time.Second
