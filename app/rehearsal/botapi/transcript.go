package botapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kind is what happened in an event.
type Kind int

// What people do, then what the bot does, then what goes wrong.
const (
	Said       Kind = iota + 1 // a person wrote
	Corrected                  // a person edited their message
	Tapped                     // a person pressed a button
	Membership                 // a person blocked or unblocked the bot
	Pushed                     // a raw update was queued
	Sent                       // the bot sent a message
	Edited                     // the bot edited its message or its buttons
	Deleted                    // the bot deleted a message
	Reacted                    // the bot reacted to a message
	Acted                      // the bot showed a chat action
	Answered                   // the bot answered a tap
	Refused                    // a request was refused by the rules
	Faulted                    // a request met a programmed fault
)

// Event is one line of the transcript.
type Event struct {
	Seq       int64 // counts from 1 without gaps
	Time      time.Time
	Kind      Kind
	ChatID    int64
	UserID    int64
	MessageID int
	ReplyTo   int        // the message answered, 0 for none
	UpdateID  int64      // of what a person did; 0 when it was filtered out
	QueryID   string     // of a tap and its answer
	Method    string     // of what the bot did
	Text      string     // plain text; a tap's data, a reaction's emoji
	HTML      string     // as the bot sent it
	Buttons   [][]Button // under the bot's message; not to be changed
	// Code and Description tell why a request was refused.
	Code        int
	Description string
}

// Inbound reports whether the event is something a person did.
func (e Event) Inbound() bool { return e.Kind >= Said && e.Kind <= Pushed }

// Stats are counts since the start.
type Stats struct {
	Polls        int // getUpdates requests that were accepted
	Conflicts    int // 409s given
	TooMany      int // 429s given by the limits, faults not included
	Faults       int // requests that met a programmed fault
	Updates      int // queued
	Delivered    int // handed out, repetitions included
	Confirmed    int
	Expired      int
	Filtered     int // not among the allowed updates
	Unconfirmed  int // waiting now
	Said         int
	Taps         int
	TapsAnswered int // taps, not answers
	Sent         int // messages
	Edited       int
	// Errors counts refusals by description.
	Errors map[string]int
}

// SentMessage is a message of the bot as it looks now, edits included.
type SentMessage struct {
	ChatID    int64
	MessageID int
	Time      time.Time
	Text      string // plain
	HTML      string // as it was given
	ParseMode string // in lower case
	ReplyTo   int
	Buttons   [][]Button // not to be changed
	Edits     int
	Deleted   bool
	File      string // "photo" or "document" when it carries one
	FileSize  int
}

// log is the transcript with those who wait for it to grow.
type log struct {
	keep    int
	seq     int64
	events  []Event // oldest first from start on, a ring when bounded
	start   int
	changed chan struct{}
	waiters int
	subs    []*subscription
}

// record adds an event. The caller holds s.mu.
func (s *Server) record(e Event) {
	l := &s.log
	l.seq++
	e.Seq, e.Time = l.seq, s.cfg.Now()
	if l.keep > 0 && len(l.events) == l.keep {
		l.events[l.start] = e
		l.start = (l.start + 1) % l.keep
	} else {
		l.events = append(l.events, e)
	}
	for _, sub := range l.subs {
		sub.add(e)
	}
	l.touch()
}

// touch wakes those who wait for a change. The caller holds s.mu.
func (l *log) touch() {
	if l.waiters > 0 {
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// event describes a message.
func (s *Server) event(k Kind, name string, c *chat, m *message) Event {
	user := m.userID
	if m.out && !c.group() {
		user = c.id
	}
	return Event{
		Kind: k, Method: name, ChatID: c.id, UserID: user, MessageID: m.id, ReplyTo: m.replyTo,
		Text: m.text, HTML: m.html, Buttons: m.keyboard,
	}
}

// Transcript is the server seen as a record, for the questions of Wait.
type Transcript struct{ s *Server }

// Events returns what is kept of the transcript, oldest first.
func (t *Transcript) Events() []Event {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	l := &t.s.log
	return slices.Concat(l.events[l.start:], l.events[:l.start])
}

// Len is how many events there have been, which is the newest one's Seq.
func (t *Transcript) Len() int64 {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.s.log.seq
}

// Sent is [Server.Sent].
func (t *Transcript) Sent(chatID int64) []SentMessage { return t.s.Sent(chatID) }

// Stats is [Server.Stats].
func (t *Transcript) Stats() Stats { return t.s.Stats() }

// Transcript returns the record of everything said so far; it stays current.
func (s *Server) Transcript() *Transcript { return &Transcript{s} }

// Stats returns the counts.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Unconfirmed = len(s.queue.items)
	st.Errors = maps.Clone(st.Errors)
	return st
}

// Sent returns the bot's messages in a chat in the order they were sent, deleted
// ones included, as far as they are kept.
func (s *Server) Sent(chatID int64) []SentMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chatID]
	if c == nil {
		return nil
	}
	var sent []SentMessage
	for _, m := range c.msgs {
		if m.out {
			sent = append(sent, SentMessage{
				ChatID: chatID, MessageID: m.id, Time: m.date, Text: m.text, HTML: m.html, ParseMode: m.mode,
				ReplyTo: m.replyTo, Buttons: m.keyboard, Edits: m.edits, Deleted: m.deleted,
				File: m.file, FileSize: m.fileSize,
			})
		}
	}
	return sent
}

// Wait returns once done holds, which it asks after every event and confirmation.
// It returns an error when ctx ends or the server closes first. done may call the
// server.
func (s *Server) Wait(ctx context.Context, done func(*Transcript) bool) error {
	s.mu.Lock()
	s.log.waiters++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.log.waiters--
		s.mu.Unlock()
	}()
	for {
		s.mu.Lock()
		changed := s.log.changed
		s.mu.Unlock()
		if done(&Transcript{s}) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("botapi: wait: %w", context.Cause(ctx))
		case <-s.done:
			return fmt.Errorf("botapi: wait: %w", errClosed)
		}
	}
}

// WaitSent waits until the bot has sent n messages to a chat and returns them.
func (s *Server) WaitSent(ctx context.Context, chatID int64, n int) ([]SentMessage, error) {
	err := s.Wait(ctx, func(*Transcript) bool { return len(s.Sent(chatID)) >= n })
	return s.Sent(chatID), err
}
