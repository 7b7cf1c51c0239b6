package botapi

import (
	"slices"
	"strings"
	"time"
)

const (
	maxText    = 4096 // UTF-16 units after the entities are parsed
	maxCaption = 1024
)

// content is the text of a message about to be sent, checked.
type content struct {
	html, mode, text string
	entities         []Entity
}

// readText reads and checks the text parameter called name.
func readText(p params, name string, limit int) (content, error) {
	c := content{html: p[name], mode: strings.ToLower(p["parse_mode"])}
	text := clean(c.html)
	switch c.mode {
	case "":
		if _, err := p.object("entities", &c.entities); err != nil {
			return c, badRequest("can't parse entities: expected an Array of MessageEntity")
		}
	case "html":
		var err error
		if text, c.entities, err = parseHTML(text); err != nil {
			return c, err
		}
	default:
		return c, badRequest("unsupported parse_mode")
	}
	c.text, c.entities = trim(text, c.entities)
	if units(c.text) > limit {
		if name == "caption" {
			return c, badRequest("message caption is too long")
		}
		return c, badRequest("message is too long")
	}
	return c, nil
}

func (s *Server) sendMessage(p params) (any, error) {
	c, err := readText(p, "text", maxText)
	if err != nil {
		return nil, err
	}
	if c.text == "" {
		return nil, badRequest("message text is empty")
	}
	return s.send("sendMessage", p, c, "", 0)
}

// sendFile is the method that sends a file of one kind, uploaded or by its id.
func (s *Server) sendFile(kind string) method {
	return func(p params) (any, error) {
		c, err := readText(p, "caption", maxCaption)
		if err != nil {
			return nil, err
		}
		body, uploaded := p[fileParam(kind)]
		if !uploaded && p[kind] == "" {
			return nil, badRequest("there is no %s in the request", kind)
		}
		if uploaded && body == "" {
			return nil, badRequest("file must be non-empty")
		}
		return s.send("send"+strings.ToUpper(kind[:1])+kind[1:], p, c, kind, len(body))
	}
}

// send checks what depends on the chat and puts the message there.
func (s *Server) send(name string, p params, c content, file string, size int) (any, error) {
	keyboard, _, err := readKeyboard(p)
	if err != nil {
		return nil, err
	}
	replyTo, optional, err := readReply(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.known(p)
	if err != nil {
		return nil, err
	}
	if replyTo != 0 && !ch.has(replyTo) {
		if !optional {
			return nil, badRequest("message to be replied not found")
		}
		replyTo = 0
	}
	if err := ch.reachable(); err != nil {
		return nil, err
	}
	if err := s.admit(ch); err != nil {
		return nil, err
	}
	m := &message{
		out: true, date: s.cfg.Now(), html: c.html, text: c.text, mode: c.mode, entities: c.entities,
		keyboard: keyboard, replyTo: replyTo, file: file, fileSize: size,
	}
	ch.add(m, s.cfg.KeepMessages)
	s.stats.Sent++
	s.record(s.event(Sent, name, ch, m))
	return s.wire(ch, m, true), nil
}

// readReply reads which message is answered and whether that one may be missing.
func readReply(p params) (id int, optional bool, err error) {
	var reply struct {
		MessageID int   `json:"message_id"`
		Optional  bool  `json:"allow_sending_without_reply"`
		ChatID    int64 `json:"chat_id"`
	}
	given, err := p.object("reply_parameters", &reply)
	if err != nil {
		return 0, false, badRequest("can't parse reply parameters JSON object")
	}
	if given {
		return reply.MessageID, reply.Optional, nil
	}
	return int(p.integer("reply_to_message_id", 0, 0, 1<<31-1)), p.boolean("allow_sending_without_reply"), nil
}

// own finds the bot's message that a request wants to change.
func (s *Server) own(p params) (*chat, *message, error) {
	ch, err := s.known(p)
	if err != nil {
		return nil, nil, err
	}
	m := ch.find(int(p.integer("message_id", 0, 0, 1<<31-1)))
	if m == nil {
		return nil, nil, badRequest("message to edit not found")
	}
	if !m.out {
		return nil, nil, badRequest("message can't be edited")
	}
	return ch, m, ch.reachable()
}

func notModified() error {
	return badRequest("message is not modified: specified new message content and reply markup " +
		"are exactly the same as a current content and reply markup of the message")
}

func (s *Server) editMessageText(p params) (any, error) {
	c, err := readText(p, "text", maxText)
	if err != nil {
		return nil, err
	}
	if c.text == "" {
		return nil, badRequest("message text is empty")
	}
	keyboard, other, err := readKeyboard(p)
	if err != nil {
		return nil, err
	}
	if other {
		return nil, badRequest("inline keyboard expected")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.own(p)
	if err != nil {
		return nil, err
	}
	if m.file != "" {
		return nil, badRequest("there is no text in the message to edit")
	}
	if m.text == c.text && slices.Equal(m.entities, c.entities) && sameKeyboard(m.keyboard, keyboard) {
		return nil, notModified()
	}
	m.html, m.text, m.mode, m.entities, m.keyboard = c.html, c.text, c.mode, c.entities, keyboard
	return s.changed("editMessageText", ch, m), nil
}

func (s *Server) editMessageReplyMarkup(p params) (any, error) {
	keyboard, other, err := readKeyboard(p)
	if err != nil {
		return nil, err
	}
	if other {
		return nil, badRequest("inline keyboard expected")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.own(p)
	if err != nil {
		return nil, err
	}
	if sameKeyboard(m.keyboard, keyboard) {
		return nil, notModified()
	}
	m.keyboard = keyboard
	return s.changed("editMessageReplyMarkup", ch, m), nil
}

// changed marks a message edited. The caller holds s.mu.
func (s *Server) changed(name string, ch *chat, m *message) *wireMessage {
	m.edited = s.cfg.Now()
	m.edits++
	s.stats.Edited++
	s.record(s.event(Edited, name, ch, m))
	return s.wire(ch, m, true)
}

// deletable is how long a message may be deleted.
const deletable = 48 * time.Hour

func (s *Server) deleteMessage(p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.known(p)
	if err != nil {
		return nil, err
	}
	m := ch.find(int(p.integer("message_id", 0, 0, 1<<31-1)))
	if m == nil {
		return nil, badRequest("message to delete not found")
	}
	if s.cfg.Now().Sub(m.date) > deletable {
		return nil, badRequest("message can't be deleted for everyone")
	}
	m.deleted = true
	s.record(s.event(Deleted, "deleteMessage", ch, m))
	return true, nil
}

func (s *Server) setMessageReaction(p params) (any, error) {
	var reaction []struct{ Type, Emoji string }
	if _, err := p.object("reaction", &reaction); err != nil {
		return nil, badRequest("can't parse reaction types JSON object")
	}
	emoji := ""
	if len(reaction) > 0 {
		emoji = reaction[0].Emoji
	}
	if len(reaction) > 1 || len(reaction) == 1 && !strings.Contains(reactions, " "+emoji+" ") {
		return nil, badRequest("REACTION_INVALID")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.known(p)
	if err != nil {
		return nil, err
	}
	id := int(p.integer("message_id", 0, 0, 1<<31-1))
	if !ch.has(id) {
		return nil, badRequest("message to react not found")
	}
	if err := ch.reachable(); err != nil {
		return nil, err
	}
	s.record(Event{Kind: Reacted, Method: "setMessageReaction", ChatID: ch.id, MessageID: id, Text: emoji})
	return true, nil
}

// reactions are the emoji a bot may react with.
const reactions = " ❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 " +
	"🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡 "

func (s *Server) sendChatAction(p params) (any, error) {
	action := p["action"]
	if !slices.Contains([]string{
		"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
		"upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
	}, action) {
		return nil, badRequest("wrong parameter action in request")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.known(p)
	if err != nil {
		return nil, err
	}
	if err := ch.reachable(); err != nil {
		return nil, err
	}
	s.record(Event{Kind: Acted, Method: "sendChatAction", ChatID: ch.id, Text: action})
	return true, nil
}
