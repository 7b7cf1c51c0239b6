package botapi

import (
	"encoding/json"
	"strconv"
	"strings"
)

// SetUser introduces a person, or changes one; ID must be set. Whoever speaks
// without having been introduced is "User <id>" and reads English.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = &u // replaced, never changed: it may be on its way to the bot
}

// Say sends a text from a person to the bot in their private chat, opening it if
// need be. "/start payload" is what a deep link sends. It returns the update's id,
// 0 when messages are not among the allowed updates, and the message's id.
func (s *Server) Say(userID int64, text string) (updateID int64, messageID int) {
	return s.SayIn(userID, userID, text)
}

// SayIn is Say in any chat; a negative chatID is a group.
func (s *Server) SayIn(chatID, userID int64, text string) (updateID int64, messageID int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.chat(chatID)
	m := &message{userID: userID, date: s.cfg.Now(), text: text, entities: commandEntities(text)}
	ch.add(m, s.cfg.KeepMessages)
	s.stats.Said++
	updateID = s.pushJSON("message", messageRetention, s.wire(ch, m, true))
	e := s.event(Said, "", ch, m)
	e.UpdateID = updateID
	s.record(e)
	return updateID, m.id
}

// Edit changes the text of a person's own message in their private chat. It returns
// the update's id, or 0 when there is no such message or such updates are not allowed.
func (s *Server) Edit(userID int64, messageID int, text string) (updateID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.chat(userID)
	m := ch.find(messageID)
	if m == nil || m.out {
		return 0
	}
	m.text, m.entities, m.edited = text, commandEntities(text), s.cfg.Now()
	m.edits++
	updateID = s.pushJSON("edited_message", messageRetention, s.wire(ch, m, true))
	e := s.event(Corrected, "", ch, m)
	e.UpdateID = updateID
	s.record(e)
	return updateID
}

// Block makes a person block the bot: it is told by my_chat_member, and what it
// sends to them is refused with 403 until Unblock.
func (s *Server) Block(userID int64) (updateID int64) { return s.member(userID, true) }

// Unblock takes a Block back.
func (s *Server) Unblock(userID int64) (updateID int64) { return s.member(userID, false) }

func (s *Server) member(userID int64, blocked bool) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.chat(userID)
	ch.blocked = blocked
	type status struct {
		User      *User  `json:"user"`
		Status    string `json:"status"`
		UntilDate *int   `json:"until_date,omitempty"`
	}
	never := 0
	member, banned := status{User: s.me(), Status: "member"}, status{User: s.me(), Status: "kicked", UntilDate: &never}
	before, after, text := banned, member, "unblocked"
	if blocked {
		before, after, text = member, banned, "blocked"
	}
	id := s.pushJSON("my_chat_member", messageRetention, map[string]any{
		"chat": s.wireChat(ch), "from": s.user(userID), "date": s.cfg.Now().Unix(),
		"old_chat_member": before, "new_chat_member": after,
	})
	s.record(Event{Kind: Membership, ChatID: userID, UserID: userID, UpdateID: id, Text: text})
	return id
}

// SayRaw queues an update as it stands, however strange; the first "%d" in it
// becomes the update's id. Where it plainly is a message, its chat comes to exist,
// so that the bot may answer.
func (s *Server) SayRaw(update string) (updateID int64) {
	return s.Push(func(id int64) json.RawMessage {
		return json.RawMessage(strings.Replace(update, "%d", strconv.FormatInt(id, 10), 1))
	})
}

// Push is SayRaw for an update that is built once its id is known. build must not
// call the server. The bytes are not checked: what is no JSON spoils the whole
// answer it travels in.
func (s *Server) Push(build func(updateID int64) json.RawMessage) (updateID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw := build(s.queue.next)
	kind, body := peel(raw)
	chatID, messageID := s.adopt(body)
	id := s.push(kind, messageRetention, func(int64) json.RawMessage { return raw })
	s.record(Event{Kind: Pushed, ChatID: chatID, MessageID: messageID, UpdateID: id})
	return id
}

// peel finds the kind of an update and its body, as far as it is JSON at all.
func peel(raw json.RawMessage) (kind string, body json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "", nil
	}
	for _, k := range updateKinds() {
		if b, ok := fields[k]; ok {
			return k, b
		}
	}
	return "", nil
}

// adopt makes the chat and the message of a raw update known, field by field,
// since any of them may be of a wrong type.
func (s *Server) adopt(body json.RawMessage) (chatID int64, messageID int) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return 0, 0
	}
	var where struct{ ID int64 }
	if json.Unmarshal(fields["chat"], &where) != nil || where.ID == 0 {
		return 0, 0
	}
	ch := s.chat(where.ID)
	if json.Unmarshal(fields["message_id"], &messageID) == nil && messageID > 0 {
		if ch.foreign == nil {
			ch.foreign = make(map[int]struct{})
		}
		ch.foreign[messageID] = struct{}{}
	}
	return where.ID, messageID
}
