package botapi

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person as Telegram shows one to a bot. Only ID is required.
type User struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

// chat is a private conversation (positive id) or a group (negative id).
type chat struct {
	id      int64
	last    int        // the newest message id
	msgs    []*message // the ids from last-len(msgs)+1 to last
	foreign map[int]struct{}
	blocked bool
	bucket  bucket
	minute  minute
}

func (c *chat) group() bool { return c.id < 0 }

// message is one message of a chat, kept so that it can be answered and edited.
type message struct {
	id       int
	out      bool // the bot's own
	userID   int64
	date     time.Time
	edited   time.Time
	html     string
	text     string
	mode     string
	entities []Entity
	keyboard [][]Button
	replyTo  int
	edits    int
	deleted  bool
	file     string // "photo" or "document" when it carries one
	fileSize int
}

// find returns a message that can still be edited or listed, or nil.
func (c *chat) find(id int) *message {
	i := id - (c.last - len(c.msgs) + 1)
	if i < 0 || i >= len(c.msgs) || c.msgs[i].deleted {
		return nil
	}
	return c.msgs[i]
}

// has reports whether a message exists, those outside the bound included.
func (c *chat) has(id int) bool {
	if _, ok := c.foreign[id]; ok || c.find(id) != nil {
		return true
	}
	return id > 0 && id <= c.last-len(c.msgs)
}

// add appends a message under the next id, letting the oldest go beyond keep.
func (c *chat) add(m *message, keep int) {
	c.last++
	m.id = c.last
	c.msgs = append(c.msgs, m)
	if keep > 0 && len(c.msgs) > keep {
		c.msgs[0] = nil
		c.msgs = c.msgs[1:]
	}
}

// The shapes that go over the wire.
type wireChat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	FirstName string `json:"first_name,omitempty"`
	Username  string `json:"username,omitempty"`
	Title     string `json:"title,omitempty"`
}

type wireFile struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int    `json:"file_size"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
}

type wireMessage struct {
	MessageID       int           `json:"message_id"`
	From            *User         `json:"from,omitempty"`
	Chat            wireChat      `json:"chat"`
	Date            int64         `json:"date"`
	EditDate        int64         `json:"edit_date,omitempty"`
	ReplyTo         *wireMessage  `json:"reply_to_message,omitempty"`
	Text            string        `json:"text,omitempty"`
	Entities        []Entity      `json:"entities,omitempty"`
	Caption         string        `json:"caption,omitempty"`
	CaptionEntities []Entity      `json:"caption_entities,omitempty"`
	Photo           []wireFile    `json:"photo,omitempty"`
	Document        *wireFile     `json:"document,omitempty"`
	ReplyMarkup     *wireKeyboard `json:"reply_markup,omitempty"`
}

type wireKeyboard struct {
	InlineKeyboard [][]Button `json:"inline_keyboard"`
}

// me is the bot as Telegram shows it; its id is the part of the token before the
// colon, as it is with real tokens.
func (s *Server) me() *User {
	head, _, _ := strings.Cut(s.cfg.Token, ":")
	id, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		id = 1
	}
	return &User{ID: id, IsBot: true, FirstName: "Rehearsal", Username: s.cfg.Username}
}

func (s *Server) getMe(params) (any, error) {
	type self struct {
		*User
		CanJoinGroups           bool `json:"can_join_groups"`
		CanReadAllGroupMessages bool `json:"can_read_all_group_messages"`
		SupportsInlineQueries   bool `json:"supports_inline_queries"`
	}
	return self{User: s.me(), CanJoinGroups: true}, nil
}

// wireChat is a chat as Telegram shows it.
func (s *Server) wireChat(c *chat) wireChat {
	if c.group() {
		return wireChat{ID: c.id, Type: "group", Title: "Group " + strconv.FormatInt(-c.id, 10)}
	}
	u := s.user(c.id)
	return wireChat{ID: c.id, Type: "private", FirstName: u.FirstName, Username: u.Username}
}

// wire is a message as Telegram shows it, with the message it answers when deep.
func (s *Server) wire(c *chat, m *message, deep bool) *wireMessage {
	w := &wireMessage{MessageID: m.id, Chat: s.wireChat(c), Date: m.date.Unix()}
	if m.out {
		w.From = s.me()
	} else {
		w.From = s.user(m.userID)
	}
	if !m.edited.IsZero() {
		w.EditDate = m.edited.Unix()
	}
	w.Text, w.Entities = m.text, m.entities
	if m.file != "" {
		w.Text, w.Entities, w.Caption, w.CaptionEntities = "", nil, m.text, m.entities
		id := m.file + "-" + strconv.FormatInt(c.id, 10) + "-" + strconv.Itoa(m.id)
		f := wireFile{FileID: id, FileUniqueID: id, FileSize: m.fileSize}
		if m.file == "photo" {
			f.Width, f.Height = 800, 450
			w.Photo = []wireFile{f}
		} else {
			w.Document = &f
		}
	}
	if len(m.keyboard) > 0 {
		w.ReplyMarkup = &wireKeyboard{InlineKeyboard: m.keyboard}
	}
	if deep && m.replyTo != 0 {
		if answered := c.find(m.replyTo); answered != nil {
			w.ReplyTo = s.wire(c, answered, false)
		}
	}
	return w
}

// user returns the person with id, inventing one at the first meeting.
func (s *Server) user(id int64) *User {
	u := s.users[id]
	if u == nil {
		u = &User{ID: id, FirstName: "User " + strconv.FormatInt(id, 10), LanguageCode: "en"}
		s.users[id] = u
	}
	return u
}

// chat returns the chat with id, opening it at the first word.
func (s *Server) chat(id int64) *chat {
	c := s.chats[id]
	if c == nil {
		c = &chat{id: id}
		s.chats[id] = c
	}
	return c
}

// known returns the chat a request names, or the refusal Telegram gives.
func (s *Server) known(p params) (*chat, error) {
	raw := p["chat_id"]
	if raw == "" {
		return nil, badRequest("chat_id is empty")
	}
	id, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return nil, badRequest("chat not found")
	}
	c := s.chats[id]
	if c == nil {
		return nil, badRequest("chat not found")
	}
	return c, nil
}

// reachable refuses what may not be sent to a chat that blocked the bot.
func (c *chat) reachable() error {
	if !c.blocked {
		return nil
	}
	if c.group() {
		return &apiError{Code: 403, Description: "Forbidden: bot was kicked from the group chat"}
	}
	return &apiError{Code: 403, Description: "Forbidden: bot was blocked by the user"}
}

// commandEntities marks the /commands of a person's text as Telegram's apps do.
func commandEntities(text string) []Entity {
	var found []Entity
	offset, start, at := 0, -1, 0
	finish := func(end int) {
		if start >= 0 && end-at > 1 {
			found = append(found, Entity{Type: "bot_command", Offset: at, Length: end - at})
		}
		start = -1
	}
	prev := ' '
	for i, r := range text {
		word := r == '_' || r == '@' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		switch {
		case start >= 0 && !word:
			finish(offset)
		case start < 0 && r == '/' && (prev == ' ' || prev == '\n'):
			start, at = i, offset
		}
		prev = r
		offset += utf16Len(r)
	}
	finish(offset)
	return found
}

// utf16Len is how many UTF-16 units a character takes, Telegram's measure of text.
func utf16Len(r rune) int {
	if r > 0xffff && r <= utf8.MaxRune {
		return 2
	}
	return 1
}
