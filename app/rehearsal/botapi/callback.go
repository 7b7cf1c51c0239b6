package botapi

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// callback is a tap that may still be answered.
type callback struct {
	id       string
	chatID   int64
	userID   int64
	message  int
	at       time.Time
	answered bool
}

// callbacks holds the taps by id and, to let the old ones go, in order of time.
type callbacks struct {
	byID  map[string]*callback
	order []*callback
	last  int64
}

// add registers a tap and lets go of those whose update is long gone.
func (c *callbacks) add(cb *callback) {
	n := 0
	for n < len(c.order) && cb.at.Sub(c.order[n].at) > callbackRetention {
		delete(c.byID, c.order[n].id)
		c.order[n] = nil
		n++
	}
	c.order = append(c.order[n:], cb)
	c.last++
	cb.id = strconv.FormatInt(4_000_000_000_000_000_000+c.last, 10)
	c.byID[cb.id] = cb
}

// Tap presses a button of a message as userID would in a private chat and returns
// the update's id, 0 when callback queries are not among the allowed updates. The
// data is sent as given, so that stale and forged taps can be tried too.
func (s *Server) Tap(userID int64, messageID int, data string) (updateID int64) {
	return s.TapIn(userID, userID, messageID, data)
}

// TapIn is Tap in any chat.
func (s *Server) TapIn(chatID, userID int64, messageID int, data string) (updateID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.chat(chatID)
	cb := &callback{chatID: chatID, userID: userID, message: messageID, at: s.cfg.Now()}
	s.callbacks.add(cb)
	type inaccessible struct {
		Chat      wireChat `json:"chat"`
		MessageID int      `json:"message_id"`
		Date      int      `json:"date"`
	}
	var about any = inaccessible{Chat: s.wireChat(ch), MessageID: messageID}
	if m := ch.find(messageID); m != nil {
		about = s.wire(ch, m, true)
	}
	query := map[string]any{
		"id": cb.id, "from": s.user(userID), "message": about,
		"chat_instance": strconv.FormatInt(chatID, 10), "data": data,
	}
	s.stats.Taps++
	e := Event{Kind: Tapped, ChatID: chatID, UserID: userID, MessageID: messageID, QueryID: cb.id, Text: data}
	id := s.pushJSON("callback_query", callbackRetention, query)
	e.UpdateID = id
	s.record(e)
	return id
}

// pushJSON queues {"update_id":…,kind:body}. The caller holds s.mu.
func (s *Server) pushJSON(kind string, keep time.Duration, body any) int64 {
	raw, err := json.Marshal(body)
	if err != nil { // our own plain types
		panic("botapi: " + err.Error())
	}
	return s.push(kind, keep, func(id int64) json.RawMessage {
		u := make([]byte, 0, len(raw)+len(kind)+40)
		u = append(u, `{"update_id":`...)
		u = strconv.AppendInt(u, id, 10)
		u = append(u, `,"`...)
		u = append(u, kind...)
		u = append(u, `":`...)
		u = append(u, raw...)
		return append(u, '}')
	})
}

func (s *Server) answerCallbackQuery(p params) (any, error) {
	if utf8.RuneCountInString(p["text"]) > 200 {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cb := s.callbacks.byID[p["callback_query_id"]]
	if cb == nil || s.cfg.Now().Sub(cb.at) > s.cfg.CallbackDeadline {
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	}
	if !cb.answered {
		cb.answered = true
		s.stats.TapsAnswered++
	}
	s.record(Event{
		Kind: Answered, Method: "answerCallbackQuery", ChatID: cb.chatID, UserID: cb.userID,
		MessageID: cb.message, QueryID: cb.id, Text: p["text"],
	})
	return true, nil
}
