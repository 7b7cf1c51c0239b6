package telegram

import (
	"encoding/json"
	"fmt"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"healthagent/app/coach"
	"healthagent/store"
)

// render makes of what the coach does the calls of the Bot API that do it. quote makes each message point at the one it answers.
func render(in coach.Incoming, quote bool, outs []coach.Out) ([]store.Outgoing, error) {
	var calls []store.Outgoing
	for _, out := range outs {
		made, err := renderOne(in, quote, out)
		if err != nil {
			return nil, err
		}
		calls = append(calls, made...)
	}
	return calls, nil
}

func renderOne(in coach.Incoming, quote bool, out coach.Out) ([]store.Outgoing, error) {
	switch out.Kind {
	case coach.Answer:
		return call(in, out, store.CallbackAnswer, "answerCallbackQuery",
			&bot.AnswerCallbackQueryParams{CallbackQueryID: in.TapID, Text: cut(out.Note, 200)})
	case coach.Change:
		parts := split(out.HTML)
		changed, err := call(in, out, out.Class, "editMessageText", &bot.EditMessageTextParams{
			ChatID: in.ChatID, MessageID: int(out.MessageID), Text: parts[0], ParseMode: models.ParseModeHTML,
			ReplyMarkup: markup(out), LinkPreviewOptions: noPreview(),
		})
		if err != nil || len(parts) == 1 {
			return changed, err
		}
		out.Buttons, out.Ask = nil, ""
		more, err := say(in, quote, out, parts[1:])
		return append(changed, more...), err
	}
	return say(in, quote, out, split(out.HTML))
}

// say is one new message in so many parts; the last of them has the buttons.
func say(in coach.Incoming, quote bool, out coach.Out, parts []string) ([]store.Outgoing, error) {
	var calls []store.Outgoing
	for i, part := range parts {
		p := &bot.SendMessageParams{
			ChatID: in.ChatID, Text: part, ParseMode: models.ParseModeHTML, LinkPreviewOptions: noPreview(),
		}
		if i == len(parts)-1 {
			p.ReplyMarkup = markup(out)
		}
		if quote && in.MessageID > 0 && in.Kind != coach.Tapped {
			p.ReplyParameters = &models.ReplyParameters{MessageID: int(in.MessageID), AllowSendingWithoutReply: true}
		}
		made, err := call(in, out, out.Class, "sendMessage", p)
		if err != nil {
			return nil, err
		}
		calls = append(calls, made...)
	}
	return calls, nil
}

func call(in coach.Incoming, out coach.Out, class store.Class, method string, params any) ([]store.Outgoing, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", method, err)
	}
	return []store.Outgoing{{ChatID: in.ChatID, Class: class, Method: method, Params: raw, Erase: out.Erase}}, nil
}

func noPreview() *models.LinkPreviewOptions {
	yes := true
	return &models.LinkPreviewOptions{IsDisabled: &yes}
}

func markup(out coach.Out) models.ReplyMarkup {
	if len(out.Buttons) > 0 {
		rows := make([][]models.InlineKeyboardButton, len(out.Buttons))
		for i, row := range out.Buttons {
			for _, b := range row {
				rows[i] = append(rows[i], models.InlineKeyboardButton{Text: b.Label, CallbackData: b.Data})
			}
		}
		return &models.InlineKeyboardMarkup{InlineKeyboard: rows}
	}
	if out.Ask != "" {
		return &models.ForceReply{ForceReply: true, InputFieldPlaceholder: cut(out.Ask, 64)}
	}
	return nil
}
