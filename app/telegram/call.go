package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-telegram/bot"

	"healthagent/store"
)

// verdict is what is to be done after a call.
type verdict int

const (
	accepted    verdict = iota // it is done
	refusedCall                // Telegram will never accept it
	unreachable                // the person blocked the bot or is gone
	limited                    // too fast: after a while
	failing                    // Telegram is not well: again later
	revoked                    // the token is not accepted
	moved                      // the group has a new id
)

// outcome is how a call ended.
type outcome struct {
	call      store.Outgoing
	verdict   verdict
	messageID int64
	wait      time.Duration // of limited
	to        int64         // of moved
	reason    string        // for the operator, without the token and without what was sent
}

// call makes one call of the Bot API with the library.
func (s *Service) call(ctx context.Context, o store.Outgoing) outcome {
	ctx, cancel := context.WithTimeout(ctx, s.callTime)
	defer cancel()
	id, err := s.invoke(ctx, o)
	out := judge(err)
	if out.verdict == refusedCall && strings.Contains(out.reason, "can't parse entities") {
		// a mistake of ours in the markup must not swallow the answer: it goes out bare
		if bare, ok := withoutMarkup(o); ok {
			s.log.Error("Telegram cannot parse our markup", "method", o.Method)
			id, err = s.invoke(ctx, bare)
			out = judge(err)
		}
	}
	out.call, out.messageID, out.reason = o, id, s.clean(out.reason)
	return out
}

func (s *Service) invoke(ctx context.Context, o store.Outgoing) (int64, error) {
	switch o.Method {
	case "sendMessage":
		var p bot.SendMessageParams
		if err := json.Unmarshal(o.Params, &p); err != nil {
			return 0, badParams(err)
		}
		p.ChatID = o.ChatID // decoded into any it would be a float
		m, err := s.bot.SendMessage(ctx, &p)
		if m != nil {
			return int64(m.ID), err
		}
		return 0, err
	case "editMessageText":
		var p bot.EditMessageTextParams
		if err := json.Unmarshal(o.Params, &p); err != nil {
			return 0, badParams(err)
		}
		p.ChatID = o.ChatID
		_, err := s.bot.EditMessageText(ctx, &p)
		return int64(p.MessageID), err
	case "answerCallbackQuery":
		var p bot.AnswerCallbackQueryParams
		if err := json.Unmarshal(o.Params, &p); err != nil {
			return 0, badParams(err)
		}
		_, err := s.bot.AnswerCallbackQuery(ctx, &p)
		return 0, err
	}
	return 0, fmt.Errorf("%w, method %s is not known here", bot.ErrorBadRequest, o.Method)
}

func badParams(err error) error { return fmt.Errorf("%w, parameters: %w", bot.ErrorBadRequest, err) }

// judge reads an error of the library. It has no types for servers that are not well, so what is none of its kinds is that.
func judge(err error) outcome {
	var tooMany *bot.TooManyRequestsError
	var migrate *bot.MigrateError
	switch {
	case err == nil:
		return outcome{verdict: accepted}
	case strings.Contains(err.Error(), "error decode response result"):
		// Telegram accepted the call; only its answer has a shape that the library does not know
		return outcome{verdict: accepted}
	case errors.As(err, &tooMany): // errors.Is does not recognise this type
		return outcome{verdict: limited, wait: time.Duration(max(tooMany.RetryAfter, 1)) * time.Second, reason: "too many requests"}
	case errors.As(err, &migrate):
		return outcome{verdict: moved, to: int64(migrate.MigrateToChatID), reason: "the group has a new id"}
	case errors.Is(err, bot.ErrorForbidden):
		return outcome{verdict: unreachable, reason: brief(err)}
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		return outcome{verdict: revoked, reason: "Telegram refuses the token"}
	case errors.Is(err, bot.ErrorBadRequest):
		if harmless(err.Error()) {
			return outcome{verdict: accepted}
		}
		return outcome{verdict: refusedCall, reason: brief(err)}
	}
	return outcome{verdict: failing, reason: brief(err)}
}

// harmless are refusals that mean that there is nothing left to do.
func harmless(text string) bool {
	for _, known := range []string{
		"message is not modified", "query is too old", "query ID is invalid", "message to edit not found",
		"message can't be edited",
	} {
		if strings.Contains(text, known) {
			return true
		}
	}
	return false
}

var quotation = regexp.MustCompile("(?s)[<\"`].*")

// withoutQuotes is a text up to where it begins to quote something.
func withoutQuotes(text string) string { return cut(quotation.ReplaceAllString(text, "…"), 200) }

// brief is an error for the log: without the URL, which holds the token, and without the answer's body, which may quote what was
// sent.
func brief(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return "no answer: " + u.Err.Error()
	}
	text := err.Error()
	if strings.Contains(text, "error decode response body") {
		return "answered with something that is not JSON"
	}
	return withoutQuotes(text)
}

// withoutMarkup is the same message as plain text.
func withoutMarkup(o store.Outgoing) (store.Outgoing, bool) {
	var p map[string]json.RawMessage
	var text string
	if json.Unmarshal(o.Params, &p) != nil || json.Unmarshal(p["text"], &text) != nil {
		return o, false
	}
	bare, err := json.Marshal(plain(text))
	if err != nil {
		return o, false
	}
	p["text"] = bare
	delete(p, "parse_mode")
	if o.Params, err = json.Marshal(p); err != nil {
		return o, false
	}
	return o, true
}
