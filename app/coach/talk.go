package coach

import (
	"healthagent/store"
)

// Kind is what a person did.
type Kind int

// What a person can do.
const (
	Text     Kind = iota // wrote a text
	Edited               // changed a text written before
	Tapped               // pressed a button
	Media                // sent something that is not text
	Blocked              // blocked the bot
	Returned             // unblocked it
	Lost                 // was a stranger when they wrote: what they wrote was not kept
)

// Incoming is one thing that a person did, as the coach understands it.
type Incoming struct {
	Update    store.Update
	Kind      Kind
	UserID    int64
	ChatID    int64
	Private   bool // a chat with one person, not a group
	Name      string
	MessageID int64  // what was written, or the message whose button was pressed
	Text      string // what was written; of media its caption
	Type      string // kind of content for the history: text, photo, voice…
	ReplyTo   int64  // the message that it answers; 0: none
	TapID     string // the button's query
	Data      string // the button's data
}

// OutKind is what the coach does in return.
type OutKind int

// What the coach can do.
const (
	Say    OutKind = iota // a new message
	Change                // another text and other buttons for an existing one
	Answer                // the answer to a button, perhaps with a short note
)

// Button is one button under a message. Data is at most 64 bytes.
type Button struct {
	Label string
	Data  string
}

// Out is one thing that the coach does. HTML is Telegram's, already escaped, and its tags never span lines.
type Out struct {
	Kind      OutKind
	HTML      string
	Buttons   [][]Button
	MessageID int64  // of Change: which message
	Ask       string // a hint in the empty text field: an answer is expected
	Note      string // of Answer: shown for a moment
	Class     store.Class
	Erase     bool // nothing of it is kept once it is sent
}
