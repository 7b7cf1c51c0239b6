package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"healthagent/app/coach"
	"healthagent/store"
)

// errShape is the error of an update that cannot be understood, now or later.
var errShape = errors.New("the update has no shape that is known here")

// object is a JSON object whose members are read one by one, so that a member of a wrong type or an unknown kind spoils only itself.
type object map[string]json.RawMessage

func (o object) object(name string) object {
	var v object
	if json.Unmarshal(o[name], &v) != nil {
		return nil
	}
	return v
}

func (o object) text(name string) string {
	var v string
	if json.Unmarshal(o[name], &v) != nil {
		return ""
	}
	return v
}

func (o object) number(name string) int64 {
	var v int64
	if json.Unmarshal(o[name], &v) != nil {
		return 0
	}
	return v
}

func (o object) has(name string) bool {
	raw, found := o[name]
	return found && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

// kinds are the updates that are asked for.
func kinds() []string {
	return []string{"message", "edited_message", "callback_query", "my_chat_member"}
}

// glance reads of an update what the inbox must know. It fails only when the id cannot be read: then the update cannot even be
// acknowledged by itself.
func glance(botID int64, raw json.RawMessage) (store.Update, error) {
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		if id, ok := salvageID(raw); ok {
			return store.Update{BotID: botID, ID: id, Raw: raw, Kind: "unknown"}, nil
		}
		return store.Update{}, fmt.Errorf("update is not an object: %w", errShape)
	}
	var id int64
	if err := json.Unmarshal(o["update_id"], &id); err != nil || id <= 0 {
		return store.Update{}, fmt.Errorf("update_id is not a positive number: %w", errShape)
	}
	u := store.Update{BotID: botID, ID: id, Raw: raw}
	u.Kind = kindOf(o)
	m := o.object(u.Kind)
	from := m.object("from")
	u.UserID = from.number("id")
	chat := m.object("chat")
	if u.Kind == "callback_query" {
		chat = m.object("message").object("chat")
	}
	u.ChatID = chat.number("id")
	if date := m.number("date"); date > 0 && date < 1<<33 {
		u.Sent = time.Unix(date, 0)
	}
	command, _, _ := coach.SplitCommand(m.text("text"))
	u.Public = u.Kind == "message" && (command == "start" || command == "activate")
	return u, nil
}

// kindOf is the member that is not the id; a known one when there are several, and else the first in the alphabet.
func kindOf(o object) string {
	names := slices.Sorted(maps.Keys(o))
	for _, known := range kinds() {
		if slices.Contains(names, known) {
			return known
		}
	}
	for _, name := range names {
		if name != "update_id" && name != "" {
			return strings.ToValidUTF8(name[:min(len(name), 60)], "")
		}
	}
	return "unknown"
}

// read makes of an update what the coach understands. Its error is errShape for what never can be.
func read(u store.Update) (coach.Incoming, error) {
	in := coach.Incoming{Update: u, UserID: u.UserID, ChatID: u.ChatID, Private: u.ChatID == u.UserID}
	if u.Raw == nil {
		in.Kind = coach.Lost
		return in, nil
	}
	var o object
	if json.Unmarshal(u.Raw, &o) != nil || !o.has(u.Kind) {
		return in, fmt.Errorf("%s: %w", u.Kind, errShape)
	}
	m := o.object(u.Kind)
	if m == nil || u.UserID <= 0 {
		return in, fmt.Errorf("%s without a sender: %w", u.Kind, errShape)
	}
	in.Name = name(m.object("from"))
	switch u.Kind {
	case "message", "edited_message":
		return readMessage(in, m)
	case "callback_query":
		return readTap(in, m)
	case "my_chat_member":
		in.Kind = coach.Returned
		if s := m.object("new_chat_member").text("status"); s == "kicked" || s == "left" {
			in.Kind = coach.Blocked
		}
		return in, nil
	}
	return in, fmt.Errorf("%s: %w", u.Kind, errShape)
}

func readMessage(in coach.Incoming, m object) (coach.Incoming, error) {
	in.MessageID = m.number("message_id")
	if in.MessageID <= 0 || in.ChatID == 0 {
		return in, fmt.Errorf("message without an id or a chat: %w", errShape)
	}
	in.ReplyTo = m.object("reply_to_message").number("message_id")
	in.Kind, in.Type, in.Text = coach.Text, "text", m.text("text")
	if !m.has("text") {
		in.Kind, in.Type, in.Text = coach.Media, content(m), m.text("caption")
	} else if in.Update.Kind == "edited_message" {
		in.Kind, in.Type = coach.Edited, "edit"
	}
	return in, nil
}

// content names what a message without text holds. What is unknown today is called so.
func content(m object) string {
	for _, kind := range []string{
		"photo", "voice", "audio", "video", "video_note", "animation", "document", "sticker", "location", "venue", "contact",
		"poll", "dice", "paid_media", "story",
	} {
		if m.has(kind) {
			return kind
		}
	}
	return "unknown"
}

func readTap(in coach.Incoming, m object) (coach.Incoming, error) {
	in.Kind, in.TapID, in.Data = coach.Tapped, m.text("id"), m.text("data")
	in.MessageID = m.object("message").number("message_id")
	if in.TapID == "" {
		return in, fmt.Errorf("callback_query without an id: %w", errShape)
	}
	if in.ChatID == 0 { // a button under a message that Telegram no longer has
		in.ChatID, in.Private = in.UserID, true
	}
	return in, nil
}

func name(from object) string {
	full := strings.TrimSpace(from.text("first_name") + " " + from.text("last_name"))
	if full == "" {
		full = from.text("username")
	}
	runes := []rune(full)
	return string(runes[:min(len(runes), 64)])
}
